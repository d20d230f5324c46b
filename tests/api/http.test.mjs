// The HTTP facade from outside: what a browser, a script and an attacker get to see.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import zlib from 'node:zlib';
import { Raw, get, raw, startServer, until } from './lib/raw-http.mjs';

const duty = { Authorization: 'Bearer duty' };
const json = { 'Content-Type': 'application/json' };

let server;
let dir;

function makeFrontEnd() {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'http-test-'));
  fs.mkdirSync(path.join(dir, 'web/d/assets'), { recursive: true });
  const put = (name, text) => fs.writeFileSync(path.join(dir, name), text);
  put('secret.txt', 'secret');
  put('web/d/index.html', '<!doctype html><title>desktop</title>');
  put('web/d/assets/app-1a2b.js', 'console.log("app")');
  put('web/d/assets/app-1a2b.js.gz', zlib.gzipSync('console.log("app")'));
  put('web/d/assets/app-1a2b.js.br', zlib.brotliCompressSync('console.log("app")'));
  put('web/.hidden', 'hidden');
  fs.symlinkSync(path.join(dir, 'secret.txt'), path.join(dir, 'web/d/link.txt'));
  fs.symlinkSync(dir, path.join(dir, 'web/d/up'));
  return path.join(dir, 'web');
}

before(async () => {
  server = await startServer(`static=${makeFrontEnd()}`, 'header_ms=600', 'body_ms=600', 'idle_ms=5000');
});
after(async () => {
  fs.rmSync(dir, { recursive: true });
  assert.equal(await server.stop(), 0);
});

async function call(method, where, { headers = {}, body } = {}) {
  const answer = await fetch(server.url + where, { method, headers, body, redirect: 'manual' });
  const text = await answer.text();
  const type = answer.headers.get('content-type') ?? '';
  return { status: answer.status, headers: answer.headers, text, json: text && type.includes('json') ? JSON.parse(text) : null };
}

function post(value, headers = duty) {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  return call('POST', '/api/v1/stations', { headers: { ...json, ...headers }, body });
}

function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
  assert.equal(answer.json.status, status);
  assert.equal(answer.json.code, code);
  assert.match(answer.json.title, /[\u4e00-\u9fff]/);
}

describe('routes', () => {
  test('a literal wins and parameters are decoded', async () => {
    const answer = await call('GET', '/api/v1/public/%E6%B8%9D%2F%20A');
    assert.equal(answer.json.mn, '渝/ A');
  });
  test('an unknown address under /api is a 404 problem, signed in or not', async () => {
    isProblem(await call('GET', '/api/v1/nothing'), 404, 'not_found');
    isProblem(await call('GET', '/api/v1/stations/'), 404, 'not_found');
    isProblem(await call('GET', '/nowhere.html'), 404, 'not_found');
  });
  test('a wrong method is told which ones there are', async () => {
    const answer = await call('PUT', '/api/v1/stations/AB', { headers: duty });
    isProblem(answer, 405, 'method_not_allowed');
    assert.equal(answer.headers.get('allow'), 'GET, HEAD, DELETE');
    const options = await call('OPTIONS', '/api/v1/stations');
    assert.equal(options.status, 204);
    assert.equal(options.headers.get('allow'), 'GET, HEAD, POST');
    const file = await call('POST', '/d/');
    isProblem(file, 405, 'method_not_allowed');
    assert.equal(file.headers.get('allow'), 'GET, HEAD');
  });
  test('HEAD has the headers of GET and no body', async () => {
    const plain = await call('GET', '/api/v1/public/A');
    const head = await call('HEAD', '/api/v1/public/A');
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.headers.get('content-length'), plain.headers.get('content-length'));
  });
  test('every answer carries the security headers', async () => {
    for (const where of ['/api/v1/public/A', '/api/v1/nothing', '/d/', '/metrics', '/']) {
      const { headers } = await call('GET', where);
      assert.match(headers.get('content-security-policy'), /default-src 'self'.*frame-ancestors 'none'/, where);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', where);
      assert.equal(headers.get('referrer-policy'), 'same-origin', where);
      assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin', where);
    }
  });
  test('raw answers keep their type', async () => {
    const answer = await call('GET', '/metrics');
    assert.equal(answer.text, 'up 1\n');
    assert.match(answer.headers.get('content-type'), /^text\/plain/);
  });
  test('a call without an answer of its own gets {}', async () => {
    const answer = await call('DELETE', '/api/v1/stations/AB', { headers: duty });
    assert.deepEqual(answer.json, {});
  });
});

describe('who may', () => {
  test('not signed in, not permitted, permitted', async () => {
    isProblem(await call('GET', '/api/v1/stations/AB'), 401, 'unauthenticated');
    isProblem(await call('DELETE', '/api/v1/stations/AB', { headers: { Authorization: 'Bearer viewer' } }), 403, 'denied');
    const answer = await call('GET', '/api/v1/stations/AB', { headers: { Authorization: 'Bearer viewer' } });
    assert.deepEqual(answer.json, { mn: 'AB', who: 'viewer' });
  });
  test('when sessions cannot be looked up, public pages still answer', async () => {
    const down = { Authorization: 'Bearer down' };
    isProblem(await call('GET', '/api/v1/stations/AB', { headers: down }), 500, 'io');
    assert.deepEqual((await call('GET', '/api/v1/public/AB', { headers: down })).json, { mn: 'AB', who: null });
  });
  test('a cookie alone changes nothing: CSRF token', async () => {
    const cookie = { Cookie: 'yh_session=duty' };
    isProblem(await post({ mn: 'ABCD' }, cookie), 403, 'csrf');
    isProblem(await post({ mn: 'ABCD' }, { ...cookie, 'X-CSRF-Token': 'token-2' }), 403, 'csrf');
    isProblem(await post({ mn: 'ABCD' }, { ...cookie, 'X-CSRF-Token': '' }), 403, 'csrf');
    assert.equal((await post({ mn: 'ABCD' }, { ...cookie, 'X-CSRF-Token': 'token-1' })).status, 201);
    assert.equal((await call('GET', '/api/v1/stations/AB', { headers: cookie })).status, 200);
  });
  test('calls from another site are refused', async () => {
    const text = JSON.stringify({ mn: 'ABCD' });
    const answer = await raw(server.port, ['POST /api/v1/public HTTP/1.1', 'Host: x', 'Connection: close',
      'Sec-Fetch-Site: cross-site', 'Content-Type: application/json', `Content-Length: ${text.length}`, '', text].join('\r\n'));
    assert.equal(answer.status, 403);
    assert.match(answer.body, /cross_site/);
  });
});

describe('queries', () => {
  const list = (query) => call('GET', `/api/v1/stations?${query}`, { headers: duty });
  test('values arrive typed; an empty one counts as not given', async () => {
    const answer = await list('q=%E6%B8%9D+1&limit=20&from=2026-11-23T08:00:00%2B08:00&state=');
    assert.deepEqual(answer.json, { has_q: true, q: '渝 1', limit: 20, from: '2026-11-23T08:00:00+08:00' });
    assert.deepEqual((await list('q=')).json, { has_q: false, q: '', limit: 50, from: null });
  });
  test('a + that was not escaped in a time is understood', async () => {
    assert.equal((await list('from=2026-11-23T08:00:00+08:00')).json.from, '2026-11-23T08:00:00+08:00');
  });
  test('what does not fit is named', async () => {
    for (const [query, field] of [['page=1', 'page'], ['limit=0', 'limit'], ['limit=x', 'limit'], ['limit=501', 'limit'],
      ['exceeding=yes', 'exceeding'], ['state=gone', 'state'], ['from=yesterday', 'from'], ['q=12345678901', 'q'],
      ['limit=1&limit=2', 'limit'], ['limit=99999999999999999999', 'limit']]) {
      const answer = await list(query);
      isProblem(answer, 400, 'invalid_query');
      assert.deepEqual(Object.keys(answer.json.fields), [field], query);
    }
  });
  test('what cannot be read is refused', async () => {
    for (const query of ['q=%', 'q=%4', 'q=%zz', 'q=%00', 'q=%0a', 'q=%ff', 'q=%c0%80', 'q=%ed%a0%80',
      Array.from({ length: 40 }, (_, i) => `a${i}=1`).join('&')])
      isProblem(await list(query), 400, 'bad_query');
  });
});

describe('bodies', () => {
  test('a body that fits reaches the handler', async () => {
    const answer = await post({ mn: 'ABCD', state: 'late', limit: '12.50', since: '2026-11-23T08:00:00+08:00', active: true,
      note: '第一行\n第二行', tags: ['a', 'b'], enterprise: { id: 1, name: '渝钛白' }, others: [{ id: 2, name: '长安' }], extra: { x: [1] } });
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers.get('location'), '/api/v1/stations/x');
  });
  const wrong = [
    [{}, 'mn'], [{ mn: 'abcd' }, 'mn'], [{ mn: 'ABCD\n' }, 'mn'], [{ mn: 'AB\u0001CD' }, 'mn'], [{ mn: null }, 'mn'],
    [{ mn: ['ABCD'] }, 'mn'], [{ mn: 'ABCD', mm: 1 }, 'mm'], [{ mn: 'ABCD', state: 'gone' }, 'state'],
    [{ mn: 'ABCD', limit: 12.5 }, 'limit'], [{ mn: 'ABCD', limit: '1e3' }, 'limit'], [{ mn: 'ABCD', limit: '1000.1' }, 'limit'],
    [{ mn: 'ABCD', since: 'now' }, 'since'], [{ mn: 'ABCD', active: 'true' }, 'active'], [{ mn: 'ABCD', tags: ['a', 'B'] }, 'tags[1]'],
    [{ mn: 'ABCD', tags: 'a' }, 'tags'], [{ mn: 'ABCD', tags: ['a', 'a', 'a', 'a', 'a', 'a'] }, 'tags'],
    [{ mn: 'ABCD', enterprise: { id: 1 } }, 'enterprise.name'], [{ mn: 'ABCD', enterprise: { id: 1.5, name: '渝钛白' } }, 'enterprise.id'],
    [{ mn: 'ABCD', others: [{ id: 1, name: '长安' }, { id: 2, name: '长' }] }, 'others[1].name'],
    [{ mn: 'ABCD', note: 'x'.repeat(1001) }, 'note'], [{ mn: 'ABCD', note: 'bell\u0007' }, 'note'],
  ];
  for (const [body, field] of wrong)
    test(`refused: ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const answer = await post(body);
      isProblem(answer, 422, 'invalid');
      assert.deepEqual(Object.keys(answer.json.fields), [field]);
    });
  test('a length counts characters, not bytes', async () => {
    assert.equal((await post({ mn: 'ABCD', enterprise: { id: 1, name: '渝'.repeat(20) } })).status, 201);
    isProblem(await post({ mn: 'ABCD', enterprise: { id: 1, name: '渝'.repeat(21) } }), 422, 'invalid');
  });
  test('at most twenty faults are listed', async () => {
    const many = { mn: 'ABCD' };
    for (let i = 0; i < 100; i++) many[`x${i}`] = 1;
    assert.equal(Object.keys((await post(many)).json.fields).length, 20);
  });
  test('what is no JSON is a 400 that says where', async () => {
    for (const text of ['{', '{"mn":"ABCD",}', '{"mn":"A","mn":"B"}', '{"mn":"ABCD"} x', 'nul', '{"mn":"\\u0000"}', '{"mn":"\xff"}',
      `${'['.repeat(100)}${']'.repeat(100)}`, `{"extra":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`]) {
      const answer = await post(Buffer.from(text, 'latin1').toString('latin1'));
      if (text.includes('\xff')) continue; // fetch sends it as UTF-8; the raw bytes follow below
      isProblem(answer, 400, 'bad_json');
    }
    const bytes = Buffer.from('{"mn":"\xff\xfe"}', 'latin1');
    isProblem(await call('POST', '/api/v1/stations', { headers: { ...json, ...duty }, body: bytes }), 400, 'bad_json');
  });
  test('no body, wrong type, compressed body', async () => {
    isProblem(await call('POST', '/api/v1/stations', { headers: { ...json, ...duty } }), 400, 'missing_body');
    isProblem(await call('POST', '/api/v1/stations', { headers: { 'Content-Type': 'text/plain', ...duty }, body: '{"mn":"ABCD"}' }), 415, 'unsupported_media_type');
    isProblem(await call('POST', '/api/v1/stations', { headers: { ...json, 'Content-Encoding': 'gzip', ...duty }, body: 'x' }), 415, 'unsupported_media_type');
    isProblem(await call('DELETE', '/api/v1/stations/AB', { headers: { ...json, ...duty }, body: '{"a":1}' }), 422, 'invalid');
  });
  test('too large: the client still sees the answer', async () => {
    isProblem(await post({ mn: 'ABCD', note: 'x'.repeat(8000) }), 413, 'too_large');
    isProblem(await post({ mn: 'ABCD', note: 'x'.repeat(600000) }), 413, 'too_large');
    const huge = await raw(server.port, ['POST /api/v1/stations HTTP/1.1', 'Host: x', 'Authorization: Bearer duty',
      'Content-Type: application/json', 'Content-Length: 999999999999', '', ''].join('\r\n'));
    assert.equal(huge.status, 413);
    const chunk = `${(2048).toString(16)}\r\n${'x'.repeat(2048)}\r\n`;
    const chunked = await raw(server.port, ['POST /api/v1/stations HTTP/1.1', 'Host: x', 'Connection: close',
      'Authorization: Bearer duty', 'Content-Type: application/json', 'Transfer-Encoding: chunked', '',
      `${chunk.repeat(4)}0\r\n\r\n`].join('\r\n'));
    assert.equal(chunked.status, 413);
  });
  test('a client that asks first is told before it sends', async () => {
    const answer = await raw(server.port, ['POST /api/v1/stations HTTP/1.1', 'Host: x', 'Expect: 100-continue',
      'Content-Type: application/json', 'Content-Length: 15', '', ''].join('\r\n'));
    assert.equal(answer.status, 401);
  });
});

describe('failures', () => {
  test('errors of a handler become answers', async () => {
    const taken = await post({ mn: 'TAKEN' });
    isProblem(taken, 409, 'conflict');
    assert.equal(taken.json.detail, 'station TAKEN is there already');
    const own = await call('POST', '/api/v1/public', { headers: json, body: '{"mn":"ABCD"}' });
    isProblem(own, 409, 'mn_taken');
    assert.deepEqual(own.json.fields, { mn: '已被占用' });
  });
  test('the inside of our own failures stays inside', async () => {
    const answer = await call('GET', '/api/v1/broken');
    isProblem(answer, 500, 'io');
    assert.doesNotMatch(answer.text, /secret|var/);
  });
  test('an answer that does not fit its row is found', async () => {
    isProblem(await call('GET', '/api/v1/wrong'), 500, 'internal');
  });
  test('a repeated key gets the first answer', async () => {
    const key = { 'Idempotency-Key': 'key-00000001' };
    const first = await call('POST', '/api/v1/count', { headers: key });
    const again = await call('POST', '/api/v1/count', { headers: key });
    const other = await call('POST', '/api/v1/count', { headers: { 'Idempotency-Key': 'key-00000002' } });
    assert.deepEqual(again.json, first.json);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.notDeepEqual(other.json, first.json);
    isProblem(await call('POST', '/api/v1/count', { headers: { 'Idempotency-Key': 'short' } }), 400, 'bad_idempotency_key');
  });
});

describe('front end', () => {
  test('/ leads to the desktop, addresses inside it to its index', async () => {
    for (const where of ['/', '/d']) {
      const answer = await call('GET', where);
      assert.equal(answer.status, 302);
      assert.equal(answer.headers.get('location'), '/d/');
    }
    for (const where of ['/d/', '/d/index.html', '/d/stations/88888880000001', '/d/%E7%AB%99']) {
      const answer = await call('GET', where);
      assert.match(answer.text, /desktop/, where);
      assert.equal(answer.headers.get('cache-control'), 'no-cache');
      assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    }
  });
  test('a missing asset is a 404 and not the index', async () => {
    isProblem(await call('GET', '/d/assets/gone-1a2b.js'), 404, 'not_found');
    isProblem(await call('GET', '/d/gone.js'), 404, 'not_found');
  });
  test('codings, ETag, 304', async () => {
    const get1 = (headers) => get(server.port, '/d/assets/app-1a2b.js', ...headers);
    const plain = await get1([]);
    assert.equal(plain.body, 'console.log("app")');
    assert.match(plain.head, /Cache-Control: public, max-age=31536000, immutable/);
    assert.match(plain.head, /Content-Type: text\/javascript; charset=utf-8/);
    assert.match(plain.head, /Vary: Accept-Encoding/);
    const gzip = await get1(['Accept-Encoding: gzip, deflate']);
    assert.match(gzip.head, /Content-Encoding: gzip/);
    assert.match((await get1(['Accept-Encoding: gzip, deflate, br'])).head, /Content-Encoding: br/);
    assert.match((await get1(['Accept-Encoding: br;q=0, gzip;q=0.5'])).head, /Content-Encoding: gzip/);
    assert.doesNotMatch((await get1(['Accept-Encoding: gzip;q=0.0'])).head, /Content-Encoding/);
    const etag = /ETag: (".+?")/.exec(plain.head)[1];
    const gzipTag = /ETag: (".+?")/.exec(gzip.head)[1];
    assert.notEqual(etag, gzipTag);
    const again = await get1([`If-None-Match: "x", W/${etag}`]);
    assert.equal(again.status, 304);
    assert.equal(again.body, '');
    assert.equal((await get1([`If-None-Match: ${gzipTag}`])).status, 200);
    const fetched = await call('GET', '/d/assets/app-1a2b.js');
    assert.equal(fetched.text, 'console.log("app")');
  });
  test('no path leads out', async () => {
    for (const where of ['/../secret.txt', '/d/../../secret.txt', '/d/%2e%2e/%2e%2e/secret.txt', '/d/..%2f..%2fsecret.txt',
      '/d/link.txt', '/d/up/secret.txt', '/.hidden', '//etc/passwd', '/d/..%5c..%5csecret.txt', '/d/assets/../../../secret.txt']) {
      const answer = await get(server.port, where);
      assert.doesNotMatch(answer.text, /\r\n\r\nsecret|hidden/, where);
      assert.notEqual(answer.status, 500, where);
    }
    for (const where of ['/d/%00', '/d/index.html%00.js', '/d/%', '/d/%ff', '/api/v1/public/a%0d%0aX:1', '/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q'])
      assert.equal((await get(server.port, where)).status, 400, where);
  });
});

describe('JSON answers', () => {
  const list = (query, headers = {}) => call('GET', `/api/v1/stations?${query}`, { headers: { ...duty, ...headers } });
  test('unchanged data is not sent again', async () => {
    const first = await list('limit=7');
    const etag = first.headers.get('etag');
    assert.match(etag, /^W\/"[0-9a-f]{16}"$/);
    const again = await list('limit=7', { 'If-None-Match': etag });
    assert.equal(again.status, 304);
    assert.equal(again.text, '');
    assert.equal(again.headers.get('etag'), etag);
    const other = await list('limit=8', { 'If-None-Match': etag });
    assert.equal(other.status, 200);
    assert.notEqual(other.headers.get('etag'), etag);
    assert.equal((await call('GET', '/api/v1/nothing')).headers.get('etag'), null);
    assert.equal((await post({ mn: 'ABCD' })).headers.get('etag'), null);
  });
  test('large ones are packed for who takes it', async () => {
    const packed = await get(server.port, '/api/v1/openapi.json', 'Accept-Encoding: gzip');
    assert.match(packed.head, /Content-Encoding: gzip/);
    assert.match(packed.head, /Vary: Accept-Encoding/);
    const plain = await get(server.port, '/api/v1/openapi.json');
    assert.doesNotMatch(plain.head, /Content-Encoding/);
    const length = (answer) => Number(/Content-Length: (\d+)/.exec(answer.head)[1]);
    assert.ok(length(packed) * 3 < length(plain));
    assert.deepEqual((await call('GET', '/api/v1/openapi.json')).json, JSON.parse(plain.body));
    assert.doesNotMatch((await get(server.port, '/api/v1/public/A', 'Accept-Encoding: gzip')).head, /Content-Encoding/);
  });
});

describe('slow and broken clients', () => {
  test('a header that trickles is cut at the deadline while others are served', async () => {
    const slow = new Raw(server.port);
    const trickle = 'GET /api/v1/public/A HTTP/1.1\r\nHost: x\r\nX-Slow: ' + 'y'.repeat(10000);
    let at = 0;
    const timer = setInterval(() => slow.send(trickle[at++]), 20);
    const quick = [];
    while (!slow.closed && quick.length < 2000)
      quick.push((await call('GET', '/api/v1/public/A')).status);
    clearInterval(timer);
    await slow.untilClosed();
    assert.ok(quick.length > 3 && quick.every((status) => status === 200));
    assert.match(slow.text, /^HTTP\/1.1 408 .*\r\n\r\n(\{.*\})$/s);
    const body = slow.text.split('\r\n\r\n')[1];
    assert.equal(JSON.parse(body).code, 'timeout');
    assert.equal(Buffer.byteLength(body), Number(/Content-Length: (\d+)/.exec(slow.text)[1]));
  });
  test('a second header on a kept connection has a deadline too', async () => {
    const c = new Raw(server.port).send('GET /api/v1/public/A HTTP/1.1\r\nHost: x\r\n\r\n');
    await c.until((x) => x.text.includes('"mn":"A"'), 'first answer');
    c.send('GET /api/v1/public/B HTTP/1.1\r\nX: ');
    await c.untilClosed();
    assert.match(c.text, /408 Request Timeout/);
  });
  test('a body that does not come is cut', async () => {
    const c = new Raw(server.port).send(['POST /api/v1/public HTTP/1.1', 'Host: x', 'Content-Type: application/json',
      'Content-Length: 100', '', '{"mn"'].join('\r\n'));
    await c.untilClosed();
    assert.match(c.text, /408 Request Timeout/);
    assert.ok((await server.stats()).cut >= 3);
  });
  test('broken requests do not disturb the server', async () => {
    const broken = ['\r\n\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET /api/v1/public/A HTTP/1.1\r\nConnection: close\r\n\r\n', `GET /${'a'.repeat(40000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(40000)}\r\n\r\n`,
      'POST /api/v1/public HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
      'POST /api/v1/public HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'BREW /api/v1/public/A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'];
    for (const text of broken) {
      const c = new Raw(server.port).send(Buffer.from(text, 'latin1'));
      await c.untilClosed();
      assert.doesNotMatch(c.text, /^HTTP\/1.1 (2|50[0-4])/, text.slice(0, 40));
    }
    assert.equal((await call('GET', '/api/v1/public/A')).status, 200);
  });
  test('a request with two ends, or two hosts, is refused and the connection closed', async () => {
    const start = ['POST /api/v1/count HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
    const chunks = '2\r\n{}\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const [headers, body] of [[['Content-Length: 2', 'Transfer-Encoding: chunked'], chunks],
      [['Content-Length: 2', 'Content-Length: 3'], '{} GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'],
      [['Transfer-Encoding: xchunked'], chunks], [['Transfer-Encoding: gzip, chunked'], chunks],
      [['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunks]]) {
      const answer = await raw(server.port, [...start, ...headers, '', body].join('\r\n'));
      assert.equal(answer.status, 400, headers.join());
      assert.doesNotMatch(answer.text, /200 OK|up 1/);
    }
    assert.equal((await get(server.port, '/api/v1/public/A', 'Host: y')).status, 400);
  });
  test('two hundred at once', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => get(server.port, `/api/v1/public/N${i}`)));
    answers.forEach((answer, i) => assert.deepEqual(JSON.parse(answer.body), { mn: `N${i}`, who: null }));
  });
  test('one connection carries many requests', async () => {
    const c = new Raw(server.port);
    const one = (i) => `GET /api/v1/public/K${i} HTTP/1.1\r\nHost: x\r\n\r\n`;
    c.send(Array.from({ length: 50 }, (_, i) => one(i)).join(''));
    await c.until((x) => x.text.includes('"mn":"K49"'), 'last answer');
    assert.equal(c.text.match(/HTTP\/1.1 200 OK/g).length, 50);
    c.end();
  });
});

test('who waits for somebody outside holds up nobody else', async () => {
  const one = await startServer('threads=1');
  const THREADS = 2, WAITING = 32, MORE = 3;
  const turnedAway = [];
  const sent = Array.from({ length: THREADS + WAITING + MORE }, () => get(one.port, '/api/v1/outside').then((answer) => {
    if (answer.status === 503) turnedAway.push(answer);
    return answer.status;
  }));
  await until(() => turnedAway.length >= MORE, 'those for whom there is no room');
  assert.equal((await get(one.port, '/api/v1/public/A')).status, 200);
  await one.tell('release');
  const statuses = await Promise.all(sent);
  assert.ok(statuses.every((status) => status === 200 || status === 503), statuses.join());
  assert.ok(statuses.filter((status) => status === 200).length >= WAITING);
  assert.equal((await get(one.port, '/api/v1/outside')).status, 200);
  assert.equal(await one.stop(), 0);
});

test('a client that goes while its request waits, and a stop meanwhile, do no harm', async () => {
  const one = await startServer('threads=1');
  const clients = Array.from({ length: 5 }, () => new Raw(one.port).send('GET /api/v1/outside HTTP/1.1\r\nHost: x\r\n\r\n'));
  await until(async () => (await one.stats()).connections === 5, 'all have come');
  clients.slice(0, 3).forEach((c) => c.socket.resetAndDestroy());
  await one.tell('release');
  for (const c of clients.slice(3)) await c.until((x) => x.text.includes('200 OK'), 'an answer');
  clients.slice(3).forEach((c) => c.end());
  await until(async () => (await one.stats()).connections === 0, 'all have gone');
  assert.equal(await one.stop(), 0);
});

test('a client that does not take its answer is cut', async () => {
  fs.writeFileSync(path.join(dir, 'web/d/large.bin'), Buffer.alloc(16 << 20, 'x'));
  const slow = await startServer(`static=${path.join(dir, 'web')}`, 'answer_ms=500');
  const c = new Raw(slow.port).send('GET /d/large.bin HTTP/1.1\r\nHost: x\r\n\r\n');
  await c.until((x) => x.text.includes('Content-Length: 16777216'), 'header');
  c.socket.pause();
  await until(async () => (await slow.stats()).cut === 1, 'cut');
  await until(async () => (await slow.stats()).connections === 0, 'connection gone');
  c.end();
  assert.equal(await slow.stop(), 0);
});

test('one address cannot take all connections', async () => {
  const small = await startServer('per_address=3');
  const open = [];
  for (let i = 0; i < 3; i++) {
    const c = new Raw(small.port).send('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    await c.until((x) => x.text.includes('up 1'), 'answer');
    open.push(c);
  }
  await new Raw(small.port).send('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n').untilClosed();
  open.pop().end();
  await until(async () => (await small.stats()).connections === 2, 'place for a new one');
  assert.equal((await get(small.port, '/metrics')).status, 200);
  open.forEach((c) => c.end());
  assert.equal(await small.stop(), 0);
});

test('the API description is complete and every $ref resolves', async () => {
  const doc = (await call('GET', '/api/v1/openapi.json')).json;
  assert.equal(doc.openapi, '3.1.0');
  const operations = Object.values(doc.paths).flatMap((p) => Object.values(p));
  assert.equal(operations.length, 13);
  for (const o of operations) {
    assert.ok(o.summary && o.operationId && o.responses['200'] && o.tags && 'x-permission' in o);
    assert.ok(o.responses.default.content['application/problem+json']);
  }
  const refs = [...JSON.stringify(doc).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((m) => m[1]);
  for (const name of refs) assert.ok(doc.components.schemas[name], name);
  const { Station } = doc.components.schemas;
  assert.deepEqual(Station.required, ['mn']);
  assert.deepEqual(Station.properties.limit.type, ['string', 'null']);
  assert.equal(Station.properties.mn.pattern, '^([0-9A-Z]{4,24})$');
  assert.deepEqual(Station.properties.state.enum, ['online', 'late', 'offline']);
  assert.equal(Station.properties.others.items.$ref, '#/components/schemas/Enterprise');
  assert.equal(doc.paths['/api/v1/stations/{mn}'].delete['x-permission'], 'station:admit');
  assert.equal(doc.paths['/api/v1/stations/{mn}'].get.parameters[0].in, 'path');
});
