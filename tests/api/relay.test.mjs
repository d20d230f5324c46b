// Forwarding to an upstream platform: a second instance of the real server, or a peer that misbehaves on purpose.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Logger, frame, newQn, parseSegment, stamp, wrap } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, startServer, tempDir, yuhengOk } from './lib/yuheng.mjs';

const PASSWORD = 'Correct-horse-7-battery';
const mns = ['010000A8900016F000169DC0', '010000A8900016F000169DC1', '010000A8900016F000169DC2'];
const quick = { pace_ms: 0, rate_per_s: 2000, answer_ms: 1500 };

async function startDistrict(t, { dir = tempDir(), args } = {}) {
    addUser(dir, 'boss', 'admin', PASSWORD);
    return { dir, ...(await restartDistrict(t, dir, args)) };
}

async function restartDistrict(t, dir, args) {
    const server = await startServer(t, { dir, args });
    const client = new Client(server.url);
    await client.signIn('boss', PASSWORD);
    return { server, client };
}

const isUp = (client, id, options) => waitUntil(async () => (await relay(client, id)).state === 'up', { what: 'the link is up', ...options });
const addTo = (client, gate, more = {}) => client.post('/api/v1/relays', { name: '市平台', host: gate.host, port: gate.port, ...quick, ...more });
const relay = (client, id) => client.get(`/api/v1/relays/${id}`);
const exported = (dir) => yuhengOk(['log', 'export', '--data', dir]).split('\n').filter(Boolean).map((l) => JSON.parse(l));
const field = (record, name) => new RegExp(`${name}=([^;,&]*)`).exec(record.frame)?.[1];
const caughtUp = (client, id, options) => waitUntil(async () => {
    const r = await relay(client, id);
    return r.lag_records === 0 && r.open === 0 && r;
}, { what: 'nothing is left to forward', deadline: 30_000, ...options });

// Sends `n` real-time frames of a station and waits for every 9014; values count from `from`.
async function sendValues(server, mn, n, { from = 0, flag = 5, time = Date.now() - 3600_000 } = {}) {
    const logger = await Logger.open(server.gate);
    for (let i = from; i < from + n; i++) {
        const bytes = frame({ qn: newQn(), mn, flag, cp: `DataTime=${stamp(time + i * 1000, 14)};w01018-Rtd=${i},w01018-Flag=N` });
        if (flag & 1) await logger.send(bytes);
        else logger.write(bytes);
    }
    await logger.close();
}

const values = (records, mn) => records.filter((r) => r.mn === mn).map((r) => Number(field(r, 'w01018-Rtd')));
const range = (n, from = 0) => Array.from({ length: n }, (_, i) => from + i);
const sorted = (list) => [...list].sort((a, b) => a - b);

test('byte for byte: every frame of every station arrives exactly once', async (t) => {
    const upstream = await startServer(t, { dir: tempDir() });
    const { dir, server, client } = await startDistrict(t);
    const { id } = await addTo(client, upstream.gate);
    await isUp(client, id);
    await Promise.all(mns.map((mn) => sendValues(server, mn, 40)));
    const logger = await Logger.open(server.gate);
    logger.write(frame({ qn: newQn(), mn: mns[0], cn: '9015', flag: 4 })); // heartbeats are between logger and platform
    await logger.close();
    const r = await caughtUp(client, id);
    assert.equal(r.acknowledged, 120);
    assert.equal(r.aside_total, 0);
    assert.equal(r.state, 'up');
    assert.equal(r.lag_seconds, null);
    const sent = exported(dir).filter((x) => field(x, 'CN') === '2011').map((x) => x.frame), got = exported(upstream.dir).map((x) => x.frame);
    assert.equal(got.length, 120);
    assert.deepEqual([...got].sort(), [...sent].sort());
    for (const mn of mns) assert.deepEqual(values(exported(upstream.dir), mn), range(40), 'in order within a station');
});

test('re-written: MN, edition, password and QN of the upstream platform, the same content', async (t) => {
    const upstream = await startServer(t, { dir: tempDir() });
    const { server, client } = await startDistrict(t);
    const { id } = await addTo(client, upstream.gate, {
        mode: 'rewrite', edition: '2017', ask_ack: true, password: 'CITY-77', scope: 'list', stations: mns.slice(0, 2),
        names: [{ mn: mns[0], upstream_mn: 'CQ500107000001' }],
    });
    await isUp(client, id);
    await sendValues(server, mns[0], 10, { flag: 0 }); // edition 2005, asks for nothing
    await sendValues(server, mns[1], 10, { flag: 4 });
    await sendValues(server, mns[2], 3); // not in the list
    await waitUntil(async () => (await relay(client, id)).acknowledged === 20, { what: '20 acknowledgements' });
    const r = await caughtUp(client, id);
    assert.equal(r.password_set, true);
    assert.ok(!JSON.stringify(r).includes('CITY-77'), 'the password is not shown');
    const got = exported(upstream.dir);
    assert.deepEqual(values(got, 'CQ500107000001'), range(10));
    assert.deepEqual(values(got, mns[1]), range(10));
    assert.equal(got.length, 20);
    assert.equal(new Set(got.map((x) => field(x, 'QN'))).size, 20, 'QN are unique');
    for (const x of got) assert.deepEqual([field(x, 'Flag'), field(x, 'PW')], ['5', 'CITY-77']);
});

test('an outage: new data go first, then what is left over, all exactly once, across kill -9 of the upstream platform', async (t) => {
    const cityDir = tempDir(), port = 18851;
    let upstream = await startServer(t, { dir: cityDir, args: ['--gate', `127.0.0.1:${port}`] });
    const { server, client } = await startDistrict(t);
    const { id } = await addTo(client, { host: '127.0.0.1', port }, { pace_ms: 30 });
    await sendValues(server, mns[0], 10);
    await caughtUp(client, id);
    await upstream.kill();
    await sendValues(server, mns[0], 80, { from: 10 });
    const during = await waitUntil(async () => {
        const r = await relay(client, id);
        return r.state !== 'up' && r.lag_seconds !== null && r;
    }, { what: 'the outage is seen' });
    assert.equal(during.lag_records, 80);
    assert.match(during.cause, /连接|应答/);
    assert.doesNotMatch(during.cause, /[A-Za-z]/, 'told in Chinese');
    upstream = await startServer(t, { dir: cityDir, args: ['--gate', `127.0.0.1:${port}`] });
    await isUp(client, id, { what: 'the link is back', deadline: 70_000 });
    await sendValues(server, mns[0], 5, { from: 1000 });
    await caughtUp(client, id);
    const order = values(exported(cityDir), mns[0]);
    assert.deepEqual(sorted(order), [...range(90), ...range(5, 1000)], 'each exactly once');
    assert.ok(order.indexOf(1004) < order.indexOf(89), 'the newest did not wait for the oldest');
});

test('frames that ask for no answer arrive at least once, across kill -9 of the upstream platform', async (t) => {
    const cityDir = tempDir(), port = 18852;
    let upstream = await startServer(t, { dir: cityDir, args: ['--gate', `127.0.0.1:${port}`] });
    const { server, client } = await startDistrict(t);
    const { id } = await addTo(client, { host: '127.0.0.1', port });
    await isUp(client, id);
    for (let round = 0; round < 3; round++) {
        const before = (await relay(client, id)).sent;
        await Promise.all(mns.map((mn) => sendValues(server, mn, 40, { from: 40 * round, flag: 4 })));
        await waitUntil(async () => (await relay(client, id)).sent >= before + 20, { what: 'some are on their way' });
        await upstream.kill();
        upstream = await startServer(t, { dir: cityDir, args: ['--gate', `127.0.0.1:${port}`] });
        await isUp(client, id, { deadline: 70_000 });
    }
    const r = await caughtUp(client, id);
    assert.equal(r.acknowledged, 0);
    for (const mn of mns) assert.deepEqual(sorted(new Set(values(exported(cityDir), mn))), range(120));
});

test('kill -9 of the forwarding server: it goes on where it was, each frame exactly once', async (t) => {
    const upstream = await startServer(t, { dir: tempDir() });
    let { dir, server, client } = await startDistrict(t);
    const { id } = await addTo(client, upstream.gate, { mode: 'rewrite', edition: '2017', ask_ack: true, pace_ms: 10 });
    await Promise.all(mns.map((mn) => sendValues(server, mn, 60)));
    for (let round = 0; round < 3; round++) {
        const before = (await relay(client, id)).acknowledged;
        await waitUntil(async () => (await relay(client, id)).acknowledged > before, { what: 'some are on their way' });
        await server.kill();
        ({ server, client } = await restartDistrict(t, dir));
        if (round < 2) await sendValues(server, mns[round], 30, { from: 100 * (round + 1) });
    }
    await caughtUp(client, id);
    const got = exported(upstream.dir);
    assert.deepEqual(sorted(values(got, mns[0])), [...range(60), ...range(30, 100)]);
    assert.deepEqual(sorted(values(got, mns[1])), [...range(60), ...range(30, 200)]);
    assert.deepEqual(sorted(values(got, mns[2])), range(60));
});

test('pacing: frames of one station keep their distance, others need not wait for them', async (t) => {
    const upstream = await startServer(t, { dir: tempDir() });
    const { server, client } = await startDistrict(t);
    const { id } = await addTo(client, upstream.gate, { pace_ms: 400 });
    await sendValues(server, mns[0], 5);
    await sendValues(server, mns[1], 1);
    await caughtUp(client, id);
    const got = exported(upstream.dir);
    const times = got.filter((r) => r.mn === mns[0]).map((r) => Date.parse(r.received));
    assert.ok(times.at(-1) - times[0] >= 4 * 400 - 300, `five frames within ${times.at(-1) - times[0]} ms`);
    assert.ok(got.findIndex((r) => r.mn === mns[1]) < 5, 'the other station went ahead');
});

// An upstream platform that answers as `answer(frame)` says: bytes, or nothing.
async function startPeer(t, answer) {
    const seen = [], sockets = new Set();
    const peer = createServer((socket) => {
        sockets.add(socket);
        let text = '';
        socket.setEncoding('latin1').on('error', () => {}).on('close', () => sockets.delete(socket)).on('data', (chunk) => {
            text += chunk;
            for (let m; (m = /##(\d{4})/.exec(text)) && text.length >= m.index + 10 + Number(m[1]);) {
                const f = parseSegment(text.slice(m.index + 6, m.index + 6 + Number(m[1])));
                text = text.slice(m.index + 10 + Number(m[1]));
                seen.push(f);
                const bytes = answer(f);
                if (bytes) socket.write(bytes);
            }
        });
    });
    await new Promise((done) => peer.listen(0, '127.0.0.1', done));
    t.after(() => { sockets.forEach((s) => s.destroy()); peer.close(); });
    return { seen, gate: { host: '127.0.0.1', port: peer.address().port } };
}

const ack = (f) => wrap(`QN=${f.QN};ST=91;CN=9014;PW=${f.PW};MN=${f.MN};Flag=4;CP=&&&&`);
const refusal = (f, code) => wrap(`QN=${f.QN};ST=91;CN=9011;PW=${f.PW};MN=${f.MN};Flag=4;CP=&&QnRtn=${code}&&`);
const isValue = (f, v) => f.cp.includes(`w01018-Rtd=${v},`);

test('a frame that is never acknowledged is set aside with its reason, and sent again on request', async (t) => {
    let deaf = true;
    const peer = await startPeer(t, (f) => (deaf && isValue(f, 3) ? null : deaf && isValue(f, 5) ? refusal(f, 9) : ack(f)));
    const { server, client } = await startDistrict(t);
    const { id } = await addTo(client, peer.gate, { answer_ms: 150, tries: 3 });
    await sendValues(server, mns[0], 8);
    await waitUntil(async () => { // another station shows that the peer is well
        await sendValues(server, mns[1], 1, { from: 50 });
        return (await relay(client, id)).aside_total === 2;
    }, { what: 'two frames are set aside', deadline: 30_000, every: 100 });
    const r = await relay(client, id);
    const reasons = Object.fromEntries(r.aside.map((a) => [a.reason, a]));
    assert.equal(reasons.unanswered.mn, mns[0]);
    assert.equal(reasons.unanswered.tries, 3);
    assert.equal(reasons.refused.code, 9);
    assert.equal(reasons.refused.cn_name, '上传污染物实时数据');
    assert.ok(r.timeouts >= 3 && r.refused >= 1);
    await waitUntil(() => peer.seen.some((f) => isValue(f, 7)), { what: 'the frames behind them went on' });
    const record = await client.get(`/api/v1/frames/${reasons.unanswered.seq}`);
    assert.match(record.raw, /w01018-Rtd=3,/, 'the frame itself stands in the log');
    deaf = false;
    assert.equal((await client.post(`/api/v1/relays/${id}/retry`)).marked, 2);
    await waitUntil(async () => (await relay(client, id)).aside_total === 0, { what: 'they are taken back' });
    await caughtUp(client, id);
    assert.ok((await relay(client, id)).acknowledged >= 8);
});

test('one poison frame of the only station, and no new data: the others pass it, then it is set aside', async (t) => {
    const peer = await startPeer(t, (f) => (isValue(f, 2) ? null : ack(f)));
    const { server, client } = await startDistrict(t);
    const { id } = await addTo(client, peer.gate, { answer_ms: 100, tries: 2 });
    await isUp(client, id);
    await sendValues(server, mns[0], 6);
    const r = await waitUntil(async () => {
        const now = await relay(client, id);
        return now.aside_total === 1 && now.lag_records === 0 && now;
    }, { what: 'the frame is set aside', deadline: 60_000 });
    assert.equal(r.acknowledged, 5);
    assert.match((await client.get(`/api/v1/frames/${r.aside[0].seq}`)).raw, /w01018-Rtd=2,/);
});

test('a region gets the frames of its stations', async (t) => {
    const upstream = await startServer(t, { dir: tempDir() });
    const { server, client } = await startDistrict(t);
    const admitted = [['500107', 'DW001'], ['500113', 'DW002']];
    for (const [i, [region_code, outlet_code]] of admitted.entries()) {
        await sendValues(server, mns[i], 1);
        await waitUntil(async () => (await client.get('/api/v1/stations/unknown')).items.some((u) => u.mn === mns[i]), { what: 'the sender is offered' });
        await client.post(`/api/v1/stations/unknown/${mns[i]}/admit`, { name: `站${i}`, enterprise_name: `厂${i}`, outlet_code, outlet_name: '排口', medium: 'water', region_code });
    }
    const { id } = await addTo(client, upstream.gate, { scope: 'region', region_code: '500113' });
    await isUp(client, id);
    await sendValues(server, mns[0], 3, { from: 10 });
    await sendValues(server, mns[1], 3, { from: 20 });
    await caughtUp(client, id);
    assert.deepEqual(exported(upstream.dir).map((r) => [r.mn, Number(field(r, 'w01018-Rtd'))]), range(3, 20).map((v) => [mns[1], v]));
});

test('a peer that answers nothing holds everything back and loses nothing', async (t) => {
    let mute = true;
    const peer = await startPeer(t, (f) => (mute ? null : ack(f)));
    const { server, client } = await startDistrict(t);
    const { id } = await addTo(client, peer.gate, { answer_ms: 100, tries: 2 });
    await sendValues(server, mns[0], 6);
    await sendValues(server, mns[1], 6);
    const r = await waitUntil(async () => {
        const now = await relay(client, id);
        return now.state === 'mute' && now;
    }, { what: 'the silence is seen' });
    assert.match(r.cause, /不应答/);
    assert.equal(r.aside_total, 0);
    mute = false;
    const done = await caughtUp(client, id, { deadline: 60_000 });
    assert.equal(done.acknowledged, 12);
    assert.equal(done.state, 'up');
});

test('set-up: who may, what is refused, pause and resume, removal, and a note of each in the log', async (t) => {
    const peer = await startPeer(t, ack);
    const { dir, server, client } = await startDistrict(t);
    addUser(dir, 'looker', 'viewer', PASSWORD);
    const looker = new Client(server.url);
    await looker.signIn('looker', PASSWORD);
    const body = { name: '市平台', ...peer.gate };
    await looker.problem('POST', '/api/v1/relays', body, 403);
    await client.problem('POST', '/api/v1/relays', { ...body, host: 'bad host' }, 422);
    await client.problem('POST', '/api/v1/relays', { ...body, port: 0 }, 422);
    await client.problem('POST', '/api/v1/relays', { ...body, host: '127.0.0.1', port: server.gate.port }, 422, 'invalid');
    await client.problem('POST', '/api/v1/relays', { ...body, scope: 'list' }, 422, 'invalid');
    await client.problem('POST', '/api/v1/relays', { ...body, scope: 'region', region_code: '999999' }, 422, 'invalid');
    await client.problem('POST', '/api/v1/relays', { ...body, mode: 'rewrite', names: [{ mn: 'A1', upstream_mn: 'X' }, { mn: 'A2', upstream_mn: 'X' }] }, 422, 'invalid');
    await client.problem('POST', '/api/v1/relays', { ...body, password: 'a;b' }, 422, 'invalid');
    const made = await client.post('/api/v1/relays', body);
    assert.deepEqual([made.pace_ms, made.answer_ms, made.tries, made.mode, made.scope, made.created_by], [3000, 5000, 3, 'raw', 'all', 'boss']);
    await client.problem('POST', '/api/v1/relays', body, 409, 'conflict');
    const path = `/api/v1/relays/${made.id}`;
    await looker.problem('PATCH', path, { paused: true }, 403);
    assert.equal((await client.patch(path, { paused: true, ...quick })).paused, true);
    await waitUntil(async () => (await relay(client, made.id)).state === 'paused', { what: 'it is paused' });
    await sendValues(server, mns[0], 3);
    const held = await waitUntil(async () => { const r = await relay(looker, made.id); return r.lag_records === 3 && r; }, { what: 'three wait' });
    assert.equal(held.sent, 0);
    assert.equal(peer.seen.length, 0);
    await client.patch(path, { paused: false });
    await caughtUp(client, made.id);
    assert.equal(peer.seen.length, 3);
    assert.equal((await looker.get('/api/v1/relays')).items[0].acknowledged, 3);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    assert.ok(metrics.includes(`\nyuheng_relay_acknowledged_total{id="${made.id}"} 3\n`), 'figures for monitoring');
    await client.delete(path);
    await client.problem('GET', path, undefined, 404, 'not_found');
    await client.problem('PATCH', path, { paused: true }, 404, 'not_found');
    assert.equal((await client.get('/api/v1/relays')).total, 0);
    await sendValues(server, mns[0], 1, { from: 9 });
    assert.ok(!peer.seen.some((f) => isValue(f, 9)));
    const files = readdirSync(join(dir, 'log'), { recursive: true }).sort().map((name) => join(dir, 'log', name));
    const log = files.filter((path) => statSync(path).isFile()).map((path) => readFileSync(path, 'latin1')).join('');
    assert.deepEqual([...log.matchAll(/"event":"(relay\.[a-z]+)"/g)].map((m) => m[1]), ['relay.add', 'relay.change', 'relay.change', 'relay.remove']);
});

test('a long log in packed segments is forwarded from its beginning', async (t) => {
    const upstream = await startServer(t, { dir: tempDir() }), dir = tempDir();
    writeFileSync(join(dir, 'yuheng.conf'), 'log-segment = 1\n');
    const { server, client } = await startDistrict(t, { dir });
    const pad = 'x'.repeat(3000);
    const logger = await Logger.open(server.gate);
    for (let i = 0; i < 900; i++) await logger.send(frame({ qn: newQn(), mn: mns[i % 3], cp: `DataTime=${stamp(Date.now(), 14)};w01018-Rtd=${i},w01018-Flag=N;note=${pad}` }));
    await logger.close();
    const packed = () => readdirSync(join(dir, 'log')).filter((name) => name.endsWith('.zst')).length;
    await waitUntil(() => packed() > 0, { what: 'a segment is packed', deadline: 60_000 });
    const { id } = await addTo(client, upstream.gate, { from: new Date(Date.now() - 3600_000).toISOString() });
    await caughtUp(client, id, { deadline: 60_000 });
    assert.deepEqual(sorted(mns.flatMap((mn) => values(exported(upstream.dir), mn))), range(900));
});

test('a target set up later gets what was received since the given time', async (t) => {
    const upstream = await startServer(t, { dir: tempDir() });
    const { server, client } = await startDistrict(t);
    await sendValues(server, mns[0], 20);
    const { id } = await addTo(client, upstream.gate, { from: new Date(Date.now() - 3600_000).toISOString() });
    await caughtUp(client, id);
    assert.deepEqual(sorted(values(exported(upstream.dir), mns[0])), range(20));
});
