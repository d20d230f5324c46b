// Hostile loggers and hostile browsers against the real program: what they send is kept, and nobody else feels it.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Client, openEvents } from './lib/client.mjs';
import { Logger, frame, newQn, stamp, wrap } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, startServer, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';

const MN = '010000A8900016F000169DC0';
const OTHER = '010000A8900016F000169DC1';
const PASSWORD = 'Correct-horse-7-battery';
const admission = {
    name: '示范·总排口站', enterprise_name: '示范·测试水务', outlet_code: 'DW001', outlet_name: '总排口',
    medium: 'water', region_code: '500107',
};
const base = Math.floor(Date.now() / 60000) * 60000 - 60000;

async function start(t, { admitted = [MN] } = {}) {
    const dir = tempDir();
    addUser(dir, 'officer', 'duty', PASSWORD);
    addUser(dir, 'looker', 'viewer', PASSWORD);
    const server = await startServer(t, { dir });
    const client = new Client(server.url);
    await client.signIn('officer', PASSWORD);
    for (const [i, mn] of admitted.entries()) await admit(server, client, mn, { outlet_code: `DW00${i + 1}` });
    return { dir, server, client };
}

async function admit(server, client, mn, more = {}) {
    const logger = await Logger.open(server.gate);
    logger.write(frame({ qn: newQn(), mn, cn: '9021', flag: 4 }));
    await waitUntil(async () => (await client.get('/api/v1/stations/unknown?limit=500')).items.find((u) => u.mn === mn), { what: `${mn} is offered` });
    await logger.close();
    return client.post(`/api/v1/stations/unknown/${mn}/admit`, { ...admission, ...more });
}

const data = (mn, dataTime, cells) => frame({ qn: newQn(), mn, cp: `DataTime=${dataTime};${cells}` });
const value = (n) => `w01018-Rtd=${n},w01018-Flag=N`;
const iso = (ms) => encodeURIComponent(new Date(ms).toISOString());

async function reaches(client, mn, wanted, { from = base - 3600_000, to = base + 3600_000, factor = 'w01018' } = {}) {
    return waitUntil(async () => {
        const s = await client.get(`/api/v1/stations/${mn}/series?factor=${factor}&from=${iso(from)}&to=${iso(to)}`);
        return s.points.some((p) => p.value === wanted) && s.points;
    }, { what: `the value ${wanted}`, deadline: 10_000 });
}

function checkRebuild(dir) {
    const verified = yuheng(['log', 'verify', '--data', dir]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    const rebuilt = yuheng(['rebuild', '--check', '--data', dir]);
    assert.equal(rebuilt.status, 0, rebuilt.stdout + rebuilt.stderr);
}

test('data times outside of every calendar harm nobody', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    const times = ['00010101000000', '00010101075959', '19700101000000', '20990101000000', '99991231235959', '99991231235959999',
        '00000000000000', '2099010100000', '20990101000000000', '20261301000000', '', 'abc', '20260230000000'];
    await logger.sendRealtime(MN, { w01018: '5.0' }, { time: base });
    for (let round = 0; round < 5; round++)
        for (const time of times) await logger.send(data(MN, time, value('6.6')));
    const sent = Date.now();
    await logger.sendRealtime(MN, { w01018: '7.0' }, { time: base + 1000 });
    await reaches(client, MN, '7.0');
    t.diagnostic(`seen after ${Date.now() - sent} ms`);
    const station = await client.get(`/api/v1/stations/${MN}`);
    assert.equal(station.latest.find((l) => l.factor === 'w01018').value, '7.0');
    await logger.close();
    await server.stop();
    assert.doesNotMatch(server.log(), /ERROR/);
    checkRebuild(dir);
});

test('a station that invents factors without end costs only itself', async (t) => {
    const { dir, server, client } = await start(t, { admitted: [MN, OTHER] });
    const logger = await Logger.open(server.gate);
    let n = 0;
    const cells = () => Array.from({ length: 150 }, () => `x${(n++).toString(36)}-Rtd=1,x-Flag=N`).join(';');
    for (let i = 0; i < 120; i++) await logger.send(data(MN, stamp(base + i * 1000, 14), cells()));
    const sent = Date.now();
    await logger.sendRealtime(OTHER, { w01018: '7.0' }, { time: base });
    await reaches(client, OTHER, '7.0');
    t.diagnostic(`${n} factors; seen after ${Date.now() - sent} ms`);
    await client.get(`/api/v1/stations/${MN}`);
    await client.get('/api/v1/stations');
    await logger.close();
    await server.stop();
    assert.doesNotMatch(server.log(), /ERROR/);
    checkRebuild(dir);
});

const officer = async (server, name) => {
    const client = new Client(server.url);
    await client.signIn(name, PASSWORD);
    return client;
};

test('a change needs the permission, and the token of the very session', async (t) => {
    const { dir, server, client } = await start(t);
    const looker = await officer(server, 'looker');
    const path = `/api/v1/stations/${MN}/profile`;
    const body = { answer_policy: 'never' };
    await looker.problem('PATCH', path, body, 403, 'denied');
    for (const csrf of ['', 'x', looker.csrf, client.csrf.slice(0, -1), `${client.csrf}0`]) {
        const r = await client.request('PATCH', path, body, { 'X-CSRF-Token': csrf });
        assert.equal(r.status, 403, `token ${csrf}`);
        assert.equal(r.body.code, 'csrf');
    }
    const foreign = await client.request('PATCH', path, body, { 'Sec-Fetch-Site': 'cross-site', 'X-CSRF-Token': client.csrf });
    assert.equal(foreign.status, 403);
    const stranger = new Client(server.url);
    await stranger.problem('PATCH', path, body, 401);
    assert.equal((await client.get(`/api/v1/stations/${MN}`)).profile.answer_policy, 'standard');
    // The refused ones left nothing to be derived again.
    await server.stop();
    checkRebuild(dir);
});

test('an admission sent twice is one admission', async (t) => {
    const { dir, server, client } = await start(t, { admitted: [] });
    const logger = await Logger.open(server.gate);
    for (const mn of [MN, OTHER]) logger.write(frame({ qn: newQn(), mn, cn: '9021', flag: 4 }));
    await waitUntil(async () => (await client.get('/api/v1/stations/unknown')).items.length === 2, { what: 'both are offered' });
    const path = `/api/v1/stations/unknown/${MN}/admit`;
    const key = { 'Idempotency-Key': 'the-very-same-key' };
    const first = await client.request('POST', path, admission, key);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    const again = await client.request('POST', path, admission, key);
    assert.deepEqual(again.body, first.body);
    assert.equal(again.headers.get('Idempotency-Replayed'), 'true');
    const other = await client.request('POST', path, { ...admission, name: '另一个站' }, key);
    assert.equal(other.status, 422);
    const looker = await officer(server, 'looker');
    assert.equal((await looker.request('POST', path, admission, key)).status, 403, 'the answer is not for others');
    const both = await Promise.all([1, 2, 3, 4].map(() => client.request('POST', `/api/v1/stations/unknown/${OTHER}/admit`,
        { ...admission, outlet_code: 'DW002' }, { 'Idempotency-Key': 'four-at-the-same-time' })));
    assert.deepEqual(both.map((r) => r.status), [200, 200, 200, 200]);
    assert.equal((await client.get('/api/v1/stations')).total, 2);
    await logger.close();
    await server.stop();
    checkRebuild(dir);
});

test('questions out of all bounds get an answer soon, and a 4xx when they make no sense', async (t) => {
    const { server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '5.0' }, { time: base });
    await logger.send(data(MN, '19700101000000', value('1.5')));
    await logger.send(data(MN, '99991231235959', value('2.5')));
    for (const cn of ['2051', '2061', '2031'])
        for (const time of ['00010103000000', '99991231000000'])
            await logger.send(frame({ qn: newQn(), mn: MN, cn, cp: `DataTime=${time};w01018-Avg=1.0,w01018-Flag=N` }));
    await reaches(client, MN, '5.0');
    const s = `/api/v1/stations/${MN}`;
    const wide = 'from=0001-01-01T00:00:00Z&to=9999-12-31T15:59:59Z';
    const long = 'x'.repeat(10_000);
    const questions = {
        [`${s}/series?factor=w01018&${wide}`]: [200], [`${s}/series?factor=w01018&${wide}&buckets=2000`]: [200],
        [`${s}/series?factor=w01018&kind=minute&${wide}`]: [200], [`${s}/series?factor=w01018&kind=hour&${wide}`]: [200],
        [`${s}/series?factor=w01018&kind=day&${wide}&buckets=1`]: [200],
        [`${s}/series?factor=w01018&from=9999-12-31T00:00:00Z`]: [400, 422], [`${s}/series?factor=w01018&to=0001-01-01T00:00:00Z`]: [200], [`${s}/series?factor=w01018&to=9999-12-31T23:59:59Z`]: [400],
        [`${s}/series?factor=w01018&to=0001-01-01T00:00:00%2B14:00`]: [400],
        [`${s}/series?factor=w01018&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`]: [400, 422],
        [`${s}/series?factor=w01018&from=2026-13-45T00:00:00Z`]: [400, 422], [`${s}/series?factor=w01018&from=-1`]: [400, 422],
        [`${s}/series?factor=${long}`]: [400, 414, 431], [`${s}/series?factor=`]: [200, 400, 422], [`${s}/series?factor=%00`]: [200, 400, 422],
        [`${s}/series?factor=w01018&kind=second`]: [400, 422], [`${s}/series?factor=w01018&field=Nope`]: [400, 422],
        [`${s}/series?factor=w01018&buckets=2001`]: [400, 422], [`${s}/series?factor=w01018&buckets=-1`]: [400, 422],
        [`${s}/series?factor=w01018&buckets=99999999999999999999`]: [400, 422], [`${s}/series?factor=w01018&factor=w21003`]: [200, 400],
        [`${s}/versions?factor=w01018&time=9999-12-31T15:59:59Z`]: [200], [`${s}/versions?factor=w01018&time=0001-01-01T00:00:00Z`]: [200],
        '/api/v1/stations?limit=-1': [400, 422], '/api/v1/stations?limit=0': [400, 422], '/api/v1/stations?limit=501': [400, 422],
        '/api/v1/stations?cursor=nobody': [200], [`/api/v1/stations?q=${encodeURIComponent('渝'.repeat(34))}`]: [200, 400, 422],
        '/api/v1/stations?q=%25%27%22%3B--': [200], '/api/v1/stations?q=%FF%FE': [200, 400, 422], '/api/v1/stations/unknown?cursor=%27%20OR%201': [400],
        [`/api/v1/stations/${long}`]: [404, 414, 431], '/api/v1/stations/%00': [400, 404], '/api/v1/stations/..%2f..%2fetc': [400, 404],
        '/api/v1/frames/18446744073709551615': [403, 404], '/api/v1/frames/-1': [400, 403, 404], '/api/v1/frames/99999999999999999999': [400, 403, 404],
        '/api/v1/frames/0x1': [400, 403, 404], '/api/v1/frames/9223372036854775807/proof': [403, 404], '/api/v1/evidence?limit=0': [400, 422],
    };
    for (const [path, statuses] of Object.entries(questions)) {
        const from = performance.now();
        const r = await client.request('GET', path);
        assert.ok(statuses.includes(r.status), `${path.slice(0, 120)} → ${r.status} ${JSON.stringify(r.body).slice(0, 200)}`);
        assert.ok(performance.now() - from < 2000, `${path.slice(0, 120)} took ${performance.now() - from} ms`);
    }
    await logger.close();
    await server.stop();
    assert.doesNotMatch(server.log(), /ERROR/);
});

test('two hundred live pages, some of which never read, leave the others alone', async (t) => {
    const { server, client } = await start(t);
    const streams = await Promise.all(Array.from({ length: 200 }, () => openEvents(client)));
    const deaf = await Promise.all(Array.from({ length: 20 }, () => new Promise((done, fail) => {
        const { hostname, port } = new URL(server.url);
        const socket = connect({ host: hostname, port: Number(port) }, () => {
            socket.pause();
            socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: ${client.cookie}\r\n\r\n`);
            done(socket);
        });
        socket.once('error', fail);
    })));
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '5.0' }, { time: base });
    await Promise.all(streams.map((s) => s.next('value')));
    const from = performance.now();
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.ok(performance.now() - from < 2000);
    streams.forEach((s) => s.close());
    deaf.forEach((s) => s.destroy());
    await logger.close();
});

test('guessing passwords locks the guesser, not those who are at work', async (t) => {
    const { server, client } = await start(t);
    const guess = (name) => new Client(server.url).request('POST', '/api/v1/session', { username: name, password: 'Wrong-guess-12345' });
    let slowest = 0, running = true;
    const work = (async () => {
        while (running) {
            const from = performance.now();
            await client.get('/api/v1/overview');
            slowest = Math.max(slowest, performance.now() - from);
        }
    })();
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => guess(i % 2 ? 'officer' : `nobody${i}`)));
    running = false;
    await work;
    const statuses = answers.map((r) => r.status);
    t.diagnostic(`${statuses.filter((s) => s === 401).length} refused, ${statuses.filter((s) => s === 429).length} locked, others waited ${Math.round(slowest)} ms`);
    assert.ok(statuses.every((s) => s === 401 || s === 429));
    assert.ok(statuses.filter((s) => s === 401).length <= 20, 'at most as many guesses as an address has free');
    assert.ok(slowest < 5000);
    assert.equal((await guess('officer')).status, 429);
    await client.get('/api/v1/overview');
});

test('names that no station has are kept and not offered', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    const names = ['a"b', "a'b", '<script>', 'a\tb', 'a\x01b', '渝衡', 'a\u2028b', '.', '..', 'M'.repeat(33), 'M'.repeat(200), '%00', '../../x', ' '];
    for (const mn of names) logger.write(data(mn, stamp(base, 14), value('1.0')));
    // Bytes that are no text at all, and a name cut short by NUL.
    for (const bytes of [Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('A\0B')]) {
        const segment = Buffer.concat([Buffer.from(`QN=${newQn()};ST=32;CN=2011;PW=123456;MN=`), bytes, Buffer.from(';Flag=5;CP=&&&&')]);
        logger.write(wrap(segment.toString('latin1')));
    }
    await logger.sendRealtime('OK_1', { w01018: '5.0' }, { time: base });
    const offered = await waitUntil(async () => {
        const all = (await client.get('/api/v1/stations/unknown')).items.map((u) => u.mn);
        return all.includes('OK_1') && all;
    }, { what: 'the good newcomer is offered' });
    assert.deepEqual(offered, ['OK_1']);
    assert.equal((await client.get('/api/v1/overview')).stations.unknown_mn, 1, 'neither bad names nor accounts count as senders');
    await logger.close();
    await server.stop();
    const log = yuhengOk(['log', 'export', '--data', dir]);
    for (const piece of ['a\\"b', '<script>', 'M'.repeat(200), '../../x']) assert.ok(log.includes(piece), `${piece} is in the log`);
    checkRebuild(dir);
});

test('a frame cut anywhere is one frame, the longest fits, one too long is not believed', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    const whole = data(MN, stamp(base, 14), value('1.0')).length;
    for (let at = 1; at < whole; at++) {
        const qn = newQn();
        const bytes = frame({ qn, mn: MN, cp: `DataTime=${stamp(base + at * 1000, 14)};${value('2.0')}` });
        const answered = logger.answerTo(qn);
        logger.write(bytes.subarray(0, at));
        await new Promise((next) => setImmediate(next));
        logger.write(bytes.subarray(at));
        await answered;
    }
    const filled = (length) => {
        const head = `QN=${newQn()};ST=32;CN=2011;PW=123456;MN=${MN};Flag=5;CP=&&DataTime=${stamp(base, 14)};w01018-Rtd=8.0;x-Info=`;
        return wrap(`${head}${'y'.repeat(length - head.length - 2)}&&`);
    };
    await logger.send(filled(4096));
    await assert.rejects(logger.send(filled(4097), 300), /no 9014/);
    await logger.sendRealtime(MN, { w01018: '9.0' }, { time: base + 3600_000 - 1000 });
    await reaches(client, MN, '9.0');
    await reaches(client, MN, '8.0');
    await logger.close();
    await server.stop();
    checkRebuild(dir);
});

test('one station on two connections, half open and without an end', async (t) => {
    const { server, client } = await start(t);
    const [a, b] = [await Logger.open(server.gate), await Logger.open(server.gate)];
    await a.sendRealtime(MN, { w01018: '1.0' }, { time: base });
    await b.sendRealtime(MN, { w01018: '2.0' }, { time: base + 1000 });
    b.socket.resetAndDestroy();
    await waitUntil(async () => (await client.get('/api/v1/overview')).traffic.connections === 1, { what: 'one is gone' });
    assert.equal((await client.get(`/api/v1/stations/${MN}`)).connected, true, 'the other still stands');
    // Sends and closes its side at once: the answer still comes.
    const answered = a.sendRealtime(MN, { w01018: '3.0' }, { time: base + 2000 });
    a.socket.end();
    await answered;
    await a.closed;
    await waitUntil(async () => !(await client.get(`/api/v1/stations/${MN}`)).connected, { what: 'nobody is connected' });
    await reaches(client, MN, '3.0');
});

test('a clock a month ahead does not become the latest, also after a restart', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    const month = 30 * 86400_000;
    await logger.sendRealtime(MN, { w01018: '5.0' }, { time: base });
    await logger.sendRealtime(MN, { w01018: '99.0' }, { time: base + month });
    await logger.send(data(MN, '20990101000000', value('98.0')));
    await reaches(client, MN, '99.0', { from: base + month - 1000, to: base + month + 1000 });
    const latest = async (c) => (await c.get(`/api/v1/stations/${MN}`)).latest.find((l) => l.factor === 'w01018').value;
    assert.equal(await latest(client), '5.0');
    await waitUntil(async () => (await client.get(`/api/v1/stations/${MN}`)).state === 'abnormal', { what: 'the clock is said to be wrong' });
    await logger.sendRealtime(MN, { w01018: '6.0' }, { time: base + 1000 });
    await waitUntil(async () => await latest(client) === '6.0', { what: 'the right clock counts again' });
    await waitUntil(async () => (await client.get(`/api/v1/stations/${MN}`)).state === 'online', { what: 'the state is good again' });
    await logger.close();
    await server.stop();
    const again = await startServer(t, { dir });
    const late = new Client(again.url);
    await late.signIn('officer', PASSWORD);
    assert.equal(await latest(late), '6.0');
});

test('without descriptors nobody is served twice, and everybody afterwards', async (t) => {
    const dir = tempDir();
    addUser(dir, 'officer', 'duty', PASSWORD);
    const server = await startServer(t, { dir, files: 200 });
    const client = new Client(server.url);
    await client.signIn('officer', PASSWORD);
    const crowd = Array.from({ length: 400 }, () => connect(server.gate).on('error', () => {}));
    const gauge = async (name) => Number(new RegExp(`^yuheng_gate_${name} (\\d+)$`, 'm').exec(await (await fetch(`${server.url}/metrics`)).text())[1]);
    const served = () => gauge('connections');
    assert.equal(await gauge('connections_max'), 100, 'half of the descriptors');
    await waitUntil(async () => await served() >= 95, { what: 'the gate is full' });
    assert.equal(await served(), 95, 'one address leaves the sixteenth for those with few');
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    await client.get('/api/v1/overview');
    crowd.forEach((s) => s.destroy());
    await waitUntil(async () => await served() === 0, { what: 'the crowd is gone' });
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '1.0' }, { time: base });
    await logger.close();
});
