// Server-sent events: nothing is lost over a reconnect, and no browser can hold the others up.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Raw, get, startServer, until } from './lib/raw-http.mjs';

function listen(server, user = 'duty', ...headers) {
  return new Raw(server.port).send(['GET /api/v1/events HTTP/1.1', 'Host: x', `Authorization: Bearer ${user}`, ...headers,
    '', ''].join('\r\n'));
}

// The text behind the header without the chunk framing.
function stream(raw) {
  const body = raw.text.slice(raw.text.indexOf('\r\n\r\n') + 4);
  return body.replace(/(^|\r\n)[0-9a-fA-F]+\r\n/g, '').replace(/\r\n$/, '');
}

function events(raw) {
  return stream(raw).split('\n\n').filter((e) => e.includes('data:'))
    .map((e) => Object.fromEntries(e.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])));
}

const started = (c) => c.until((x) => x.text.includes('retry:'), 'start of stream');

async function withServer(options, body) {
  const server = await startServer(...options);
  try {
    await body(server);
  } finally {
    assert.equal(await server.stop(), 0);
  }
}

describe('events', () => {
  test('a stream needs a signed-in user and has the right headers', () => withServer([], async (server) => {
    assert.equal((await get(server.port, '/api/v1/events')).status, 401);
    const c = await started(listen(server));
    assert.match(c.text, /^HTTP\/1.1 200 OK/);
    assert.match(c.text, /Content-Type: text\/event-stream\r\n/);
    assert.match(c.text, /X-Accel-Buffering: no\r\n/);
    assert.match(c.text, /Cache-Control: no-cache\r\n/);
    c.end();
  }));

  test('everyone gets every event, in order, with growing ids', () => withServer([], async (server) => {
    const clients = Array.from({ length: 50 }, () => listen(server));
    await Promise.all(clients.map(started));
    assert.equal((await server.stats()).streams, 50);
    for (let i = 0; i < 100; i++) await server.tell(`publish value {"n":${i}}`);
    for (const c of clients) {
      await c.until((x) => x.text.includes('{"n":99}'), 'last event');
      const got = events(c);
      assert.deepEqual(got.map((e) => JSON.parse(e.data).n), Array.from({ length: 100 }, (_, i) => i));
      got.forEach((e, i) => assert.ok(e.event === 'value' && (i === 0 || BigInt(e.id) === BigInt(got[i - 1].id) + 1n)));
    }
    clients.forEach((c) => c.end());
    await until(async () => { await server.tell('publish tick {}'); return (await server.stats()).streams === 0; }, 'streams gone');
  }));

  test('Last-Event-ID resumes without loss', () => withServer([], async (server) => {
    const first = await started(listen(server));
    for (let i = 0; i < 5; i++) await server.tell(`publish value {"n":${i}}`);
    await first.until((x) => x.text.includes('{"n":4}'), 'events');
    const [, second] = events(first);
    first.end();
    for (let i = 5; i < 8; i++) await server.tell(`publish value {"n":${i}}`);
    const again = listen(server, 'duty', `Last-Event-ID: ${second.id}`);
    await again.until((x) => x.text.includes('{"n":7}'), 'missed events');
    await server.tell('publish value {"n":8}');
    await again.until((x) => x.text.includes('{"n":8}'), 'live event');
    assert.deepEqual(events(again).map((e) => JSON.parse(e.data).n), [2, 3, 4, 5, 6, 7, 8]);
    again.end();
  }));

  test('what is kept no more is told by a reset', () => withServer(['kept=10'], async (server) => {
    const first = await started(listen(server));
    await server.tell('publish value {"n":0}');
    await first.until((x) => x.text.includes('{"n":0}'), 'event');
    const { id } = events(first)[0];
    first.end();
    for (let i = 1; i <= 10; i++) await server.tell(`publish value {"n":${i}}`);
    const edge = listen(server, 'duty', `Last-Event-ID: ${id}`);
    await edge.until((x) => x.text.includes('{"n":10}'), 'events');
    assert.deepEqual(events(edge).map((e) => e.event), Array(10).fill('value'));
    edge.end();
    await server.tell('publish value {"n":11}');
    for (const last of [id, '1', '99999999999999999', 'nonsense', '-1']) {
      const late = listen(server, 'duty', `Last-Event-ID: ${last}`);
      await late.until((x) => x.text.includes('event: reset'), 'reset');
      await server.tell('publish value {"n":"live"}');
      await late.until((x) => x.text.includes('"live"'), 'live event');
      const got = events(late);
      assert.deepEqual(got.map((e) => e.event), ['reset', 'value'], last);
      assert.equal(BigInt(got[1].id), BigInt(got[0].id) + 1n);
      late.end();
    }
  }));

  test('large events arrive whole, too large ones are refused and counted', () => withServer([], async (server) => {
    const c = await started(listen(server));
    await server.tell('flood 3 100000');
    await server.tell('flood 1 300000');
    await server.tell('publish last {}');
    await c.until((x) => x.text.includes('event: last'), 'last event');
    assert.deepEqual(events(c).map((e) => e.data.length), [100002, 100002, 100002, 2]);
    const stats = await server.stats();
    assert.equal(stats.refused, 1);
    assert.equal(stats.events, 4);
    c.end();
  }));

  test('a browser that does not read is cut; the others go on; it resumes by its id', () => withServer(['kept=64'], async (server) => {
    const slow = await started(listen(server));
    slow.socket.pause();
    const quick = await started(listen(server));
    let rounds = 0;
    await until(async () => {
      await server.tell('flood 16 8000');
      await server.tell(`publish mark {"round":${++rounds}}`);
      await quick.until((x) => x.text.includes(`{"round":${rounds}}`), 'mark');
      return (await server.stats()).dropped === 1;
    }, 'slow stream dropped');
    assert.equal((await server.stats()).streams, 1);
    assert.equal(events(quick).filter((e) => e.event === 'mark').length, rounds);
    slow.socket.resume();
    await slow.untilClosed();
    quick.end();
  }));

  test('quiet streams get a comment line', () => withServer(['beat_ms=50'], async (server) => {
    const c = await started(listen(server));
    await c.until((x) => stream(x).split('\n').filter((line) => line === ':').length >= 3, 'comments');
    assert.equal(events(c).length, 0);
    c.end();
    await until(async () => (await server.stats()).streams === 0, 'the gone browser is noticed');
  }));

  test('a stream ends after its time and when its user signs out', () => withServer(['stream_ms=300', 'beat_ms=50'], async (server) => {
    const c = await started(listen(server));
    await c.until((x) => x.text.endsWith('\r\n0\r\n\r\n'), 'end of stream');
    c.end();
    const mine = await started(listen(server, 'duty'));
    const other = await started(listen(server, 'viewer'));
    await server.tell('end u1');
    await mine.until((x) => x.text.endsWith('\r\n0\r\n\r\n'), 'end of stream');
    assert.doesNotMatch(other.text.slice(-5), /0\r\n\r\n/);
    mine.end();
    other.end();
  }));

  test('HEAD does not leave a stream behind', () => withServer([], async (server) => {
    const c = new Raw(server.port).send('HEAD /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer duty\r\nConnection: close\r\n\r\n');
    await c.untilClosed();
    assert.match(c.text, /^HTTP\/1.1 200 OK/);
    await until(async () => (await server.stats()).streams === 0, 'no stream');
  }));
});

test('stopping ends streams and idle connections, and then nobody answers', async () => {
  const server = await startServer('threads=4');
  const clients = Array.from({ length: 40 }, () => listen(server));
  await Promise.all(clients.map(started));
  const idle = new Raw(server.port).send('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await idle.until((x) => x.text.includes('up 1'), 'answer');
  await server.tell('flood 100 1000');
  assert.equal(await server.stop(), 0);
  await Promise.all([...clients, idle].map((c) => c.untilClosed()));
  const late = new Raw(server.port).send('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await late.untilClosed();
  assert.equal(late.text, '');
});

test('publishing from a busy program while streams come and go', async () => {
  const server = await startServer('threads=4', 'beat_ms=20');
  for (let round = 0; round < 20; round++) {
    const clients = Array.from({ length: 20 }, () => listen(server));
    const flood = server.tell('flood 500 100');
    await Promise.all(clients.map(started));
    await flood;
    clients.forEach((c) => c.end());
  }
  await until(async () => (await server.stats()).streams === 0, 'streams gone');
  assert.equal(await server.stop(), 0);
});
