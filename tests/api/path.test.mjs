// The one way through: from bytes on a socket to a value, its frame and its proof.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, openEvents } from './lib/client.mjs';
import { encipheredVector } from './lib/enciphered.mjs';
import { Logger, frame, newQn, stamp, wrap } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, startServer, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';

const MN = '010000A8900016F000169DC0';
const PASSWORD = 'Correct-horse-7-battery';
const admission = {
    name: '示范·总排口站', enterprise_name: '示范·测试水务', outlet_code: 'DW001', outlet_name: '总排口',
    medium: 'water', region_code: '500107',
};

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

// Makes the sender known: one heartbeat, then the admission.
async function admit(server, client, mn, more = {}) {
    const logger = await Logger.open(server.gate);
    logger.write(frame({ qn: newQn(), mn, cn: '9021', flag: 4 }));
    await unknownListed(client, mn);
    await logger.close();
    return client.post(`/api/v1/stations/unknown/${mn}/admit`, { ...admission, ...more });
}

const unknownListed = (client, mn) => waitUntil(
    async () => (await client.get('/api/v1/stations/unknown')).items.find((u) => u.mn === mn), { what: `${mn} is offered` });

// One minute ago on the full minute, so that data times are in the past and readable.
const base = Math.floor(Date.now() / 60000) * 60000 - 60000;
const day = (time) => `from=${encodeURIComponent(iso(time - 86400000))}&to=${encodeURIComponent(iso(time + 86400000))}`;
const iso = (ms) => new Date(ms).toISOString();

async function points(client, mn, factor, { kind = 'rtd', field, at = base } = {}) {
    const s = await client.get(`/api/v1/stations/${mn}/series?factor=${factor}&kind=${kind}${field ? `&field=${field}` : ''}&${day(at)}`);
    return s.points;
}

const pointsReach = (client, mn, factor, n, options) => waitUntil(async () => {
    const p = await points(client, mn, factor, options);
    return p.length >= n && p;
}, { what: `${n} values of ${factor}` });

const exported = (dir) => yuhengOk(['log', 'export', '--data', dir]).split('\n').filter(Boolean).map((l) => JSON.parse(l));

test('a frame becomes a value, and the value leads back to the frame and its proof', async (t) => {
    const { dir, server, client } = await start(t);
    const events = await openEvents(client);
    t.after(() => events.close());
    const logger = await Logger.open(server.gate);
    const ack = await logger.sendRealtime(MN, { w01018: '12.50', w21003: '0.310' }, { time: base });
    assert.equal(ack.ST, '91');
    const event = await events.next('value');
    assert.equal(event.data.cells.find((c) => c.factor === 'w01018').value, '12.50');

    const [value] = await pointsReach(client, MN, 'w01018', 1);
    assert.equal(value.value, '12.50', 'the digits as reported');
    assert.equal(value.flag, 'N');
    assert.equal(Date.parse(value.time), base);

    const record = await client.get(`/api/v1/frames/${value.seq}`);
    assert.equal(record.kind, 'frame');
    assert.equal(record.mn, MN);
    assert.ok(record.raw.startsWith('##') && record.raw.endsWith('\\r\\n'));
    assert.equal(record.decoded.factors.w01018.Rtd, '12.50');
    assert.equal(record.explained.command.name, '上传污染物实时数据');
    assert.ok(record.explained.items.some((i) => i.key === 'w01018-Rtd' && i.factor_name));

    const proof = await client.get(`/api/v1/frames/${value.seq}/proof`);
    assert.equal(proof.verified, true);
    assert.equal(proof.leaf, record.leaf);

    const station = await client.get(`/api/v1/stations/${MN}`);
    assert.equal(station.state, 'online');
    assert.equal(station.connected, true);
    assert.equal(station.latest.find((l) => l.factor === 'w01018').value, '12.50');
    await logger.close();

    const csv = yuhengOk(['series', '--data', dir, '--mn', MN, '--factor', 'w01018']);
    assert.match(csv, /12\.50/, 'the command line sees what a running server has in memory');
    const [line] = exported(dir).filter((r) => r.seq === value.seq);
    assert.equal(line.frame, record.raw);
    assert.equal(line.leaf, record.leaf);
});

test('inclusion proofs hold against a signed checkpoint, recomputed outside the server', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    for (let i = 0; i < 20; i++) await logger.sendRealtime(MN, { w01018: String(i) }, { time: base + i * 1000 });
    await logger.close();
    const seq = (await pointsReach(client, MN, 'w01018', 20)).at(-1).seq;
    await server.stop(); // a clean stop signs what is there
    const verified = JSON.parse(yuhengOk(['log', 'verify', '--data', dir]));
    assert.ok(verified.checkpoints >= 1);
    const again = await startServer(t, { dir });
    const c = new Client(again.url);
    await c.signIn('officer', PASSWORD);
    const proof = await c.get(`/api/v1/frames/${seq}/proof`);
    assert.equal(proof.verified, true);
    assert.equal(proof.checkpoint.signature_ok, true);
    assert.equal(proof.checkpoint.root, proof.root);
    assert.equal(rootOf(proof), proof.root);
});

// RFC 6962, section 2.1.1, with SM3.
function rootOf({ seq, leaf, tree_size, path }) {
    const node = (l, r) => createHash('sm3').update(Buffer.concat([Buffer.from([1]), l, r])).digest();
    let fn = BigInt(seq), sn = BigInt(tree_size) - 1n, r = Buffer.from(leaf, 'hex');
    for (const hex of path) {
        const p = Buffer.from(hex, 'hex');
        if (fn & 1n || fn === sn) {
            r = node(p, r);
            while (!(fn & 1n) && fn !== 0n) { fn >>= 1n; sn >>= 1n; }
        } else {
            r = node(r, p);
        }
        fn >>= 1n;
        sn >>= 1n;
    }
    assert.equal(sn, 0n);
    return r.toString('hex').toUpperCase();
}

test('a repeated frame is answered again and stored once, also across a restart', async (t) => {
    const { dir, server, client } = await start(t);
    const qn = newQn();
    const bytes = frame({ qn, mn: MN, cp: `DataTime=${stamp(base, 14)};w01018-Rtd=7.0,w01018-Flag=N` });
    const logger = await Logger.open(server.gate);
    await logger.send(bytes);
    await logger.send(bytes);
    await logger.close();
    const [value] = await pointsReach(client, MN, 'w01018', 1);
    assert.equal(value.versions, 1);
    await server.stop();
    const again = await startServer(t, { dir });
    const late = await Logger.open(again.gate);
    await late.send(bytes);
    await late.close();
    await again.stop();
    assert.equal(exported(dir).filter((r) => r.frame.includes(`QN=${qn}`)).length, 1);
});

test('a corrected value is a new version that keeps the old one', async (t) => {
    const { server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '7.0' }, { time: base });
    await logger.sendRealtime(MN, { w01018: '8.0' }, { time: base });
    await logger.sendRealtime(MN, { w01018: '8.0' }, { time: base });
    await logger.close();
    const value = await waitUntil(async () => {
        const [p] = await points(client, MN, 'w01018');
        return p?.value === '8.0' && p;
    }, { what: 'the correction' });
    assert.equal(value.versions, 2);
    const versions = await client.get(`/api/v1/stations/${MN}/versions?factor=w01018&kind=rtd&field=Rtd&time=${encodeURIComponent(value.time)}`);
    assert.deepEqual(versions.items.map((v) => v.value), ['7.0', '8.0']);
    assert.ok(versions.items[0].seq < versions.items[1].seq);
});

test('late data land where they belong and do not become the latest', async (t) => {
    const { server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '10.0' }, { time: base });
    await logger.sendRealtime(MN, { w01018: '99.0' }, { time: base - 3 * 3600_000 });
    await logger.close();
    const values = await pointsReach(client, MN, 'w01018', 2);
    assert.deepEqual(values.map((v) => v.value), ['99.0', '10.0']);
    const station = await client.get(`/api/v1/stations/${MN}`);
    assert.equal(station.latest.find((l) => l.factor === 'w01018').value, '10.0');
});

test('aggregates are recomputed beside the reported ones', async (t) => {
    const { server, client } = await start(t);
    const hour = Math.floor(base / 3600_000) * 3600_000 - 7200_000;
    const logger = await Logger.open(server.gate);
    const values = ['1.0', '2.0', '3.0', '4.0', '5.0', '9.0'];
    for (const [i, v] of values.entries())
        await logger.send(frame({ qn: newQn(), mn: MN, cn: '2051', cp: `DataTime=${stamp(hour + i * 600_000, 14)};w01018-Min=0.5,w01018-Avg=${v},w01018-Max=10.0,w01018-Flag=N` }));
    await logger.send(frame({ qn: newQn(), mn: MN, cn: '2061', cp: `DataTime=${stamp(hour, 14)};w01018-Min=0.5,w01018-Avg=7.7,w01018-Max=10.0,w01018-Flag=N` }));
    await logger.close();
    const [reported] = await pointsReach(client, MN, 'w01018', 1, { kind: 'hour' });
    assert.equal(reported.value, '7.7');
    const s = await client.get(`/api/v1/stations/${MN}/series?factor=w01018&kind=hour&field=Avg&${day(base)}`);
    const [recomputed] = s.recomputed.filter((r) => Date.parse(r.from) === hour);
    assert.equal(Number(recomputed.avg), 4);
    assert.equal(recomputed.valid, 6);
    assert.equal(recomputed.source, 'minute');
});

test('everything wrong is kept with its reason and harms no neighbour', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    const good = (v, i) => frame({ qn: newQn(), mn: MN, cp: `DataTime=${stamp(base + i * 1000, 14)};w01018-Rtd=${v},w01018-Flag=N` });
    const bad = Buffer.from(good('66.6', 1));
    bad[40] ^= 1;
    const lengthWrong = Buffer.from(good('2.0', 2).toString().replace(/^##\d{4}/, '##0999'));
    const gbk = Buffer.concat([Buffer.from('站', 'utf8')]);
    const future = frame({ qn: newQn(), mn: MN, cp: `DataTime=${stamp(Date.now() + 86400_000 * 30, 14)};w01018-Rtd=777,w01018-Flag=N` });
    const cipher = frame({ qn: newQn(), mn: MN, flag: 9, cp: '{0xE4,0x3E,0x11}abc' });
    const oversize = Buffer.from('##9999' + 'x'.repeat(9000) + '\r\n');
    for (const bytes of [good('1.0', 0), Buffer.from('garbage\0\x01\r\n'), bad, lengthWrong, wrap('no structure at all'),
        gbk, Buffer.from('\r\n'), oversize, future, cipher, Buffer.from('##0012'), good('3.0', 3)])
        logger.write(bytes);
    await logger.sendRealtime(MN, { w01018: '4.0' }, { time: base + 4000 });
    const values = await pointsReach(client, MN, 'w01018', 4);
    assert.deepEqual(values.map((v) => v.value), ['1.0', '2.0', '3.0', '4.0']);
    await logger.close();
    const station = await waitUntil(async () => {
        const s = await client.get(`/api/v1/stations/${MN}`);
        return s.counts.bad >= 1 && s;
    }, { what: 'the bad frame is counted' });
    assert.ok(station.issues.some((i) => i.word === 'bad_crc'));
    assert.ok(station.issues.some((i) => i.word === 'future'));
    assert.equal(station.latest.find((l) => l.factor === 'w01018').value, '4.0', 'a value from the future is not the latest');
    const frames = await client.get(`/api/v1/stations/${MN}/frames`);
    assert.ok(frames.items.some((f) => f.kind === 'bad' && f.cause_text));
    await server.stop();
    const log = storedBytes(dir);
    for (const piece of ['garbage', '66.6', '##0999', 'no structure', 'xxxxx', 'w01018-Rtd=777', '0xE4'])
        assert.ok(log.includes(piece), `${piece} is in the evidence log`);
});

// Everything in the files of the log, as latin-1 text.
function storedBytes(dir) {
    return readdirSync(join(dir, 'log'), { recursive: true, withFileTypes: true }).filter((e) => e.isFile())
        .map((e) => readFileSync(join(e.parentPath ?? e.path, e.name)).toString('latin1')).join('');
}

test('an unknown station is acknowledged, offered, and judged once admitted', async (t) => {
    const { server, client } = await start(t, { admitted: [] });
    const logger = await Logger.open(server.gate);
    for (let i = 0; i < 5; i++) await logger.sendRealtime(MN, { w01018: `${i}.0` }, { time: base + i * 1000 });
    await logger.close();
    const offered = await unknownListed(client, MN);
    assert.equal(offered.edition, '2017');
    await client.problem('GET', `/api/v1/stations/${MN}`, undefined, 404);
    await client.post(`/api/v1/stations/unknown/${MN}/admit`, admission);
    const values = await pointsReach(client, MN, 'w01018', 5);
    assert.equal(values.length, 5, 'what was sent before the admission is derived from the log');
    const station = await waitUntil(async () => {
        const s = await client.get(`/api/v1/stations/${MN}`);
        return s.latest.length && s;
    }, { what: 'the newest values are known without another frame' });
    assert.equal(station.latest[0].value, '4.0');
    assert.deepEqual(station.factors.find((f) => f.code === 'w01018').kinds, ['rtd']);
    await waitUntil(async () => (await client.get(`/api/v1/stations/${MN}/frames`)).items.every((f) => !f.cause),
        { what: 'the frames have no reason to be refused any more' });
    assert.ok(!(await client.get('/api/v1/stations/unknown')).items.some((u) => u.mn === MN));
});

test('a wrong password is stored, said and not acknowledged; a corrected profile takes the values', async (t) => {
    const { server, client } = await start(t);
    await client.patch(`/api/v1/stations/${MN}/profile`, { password: '654321' });
    const logger = await Logger.open(server.gate);
    await assert.rejects(logger.send(frame({ qn: newQn(), mn: MN, cp: `DataTime=${stamp(base, 14)};w01018-Rtd=5.5,w01018-Flag=N` }), 700));
    await logger.sendRealtime(MN, { w01018: '6.5' }, { time: base + 1000, pw: '654321' });
    await pointsReach(client, MN, 'w01018', 1);
    const station = await client.get(`/api/v1/stations/${MN}`);
    assert.ok(station.issues.some((i) => i.word === 'password'));
    assert.equal(station.profile.password_set, true);
    await client.patch(`/api/v1/stations/${MN}/profile`, { password: null });
    await pointsReach(client, MN, 'w01018', 2);
    await logger.close();
});

test('an enciphered area waits for its key', async (t) => {
    const { server, client } = await start(t, { admitted: [] });
    // The published vector of HJ 212-2025 (key of sixteen '0'), sent as it stands: its CRC covers the MN.
    const vector = yuhengOk(['decode', '--lines'], { input: encipheredVector.line });
    assert.equal(JSON.parse(vector).status, 'encrypted');
    const logger = await Logger.open(server.gate);
    logger.write(encipheredVector.bytes);
    const offered = await unknownListed(client, encipheredVector.mn);
    assert.ok(offered.frames >= 1);
    await client.post(`/api/v1/stations/unknown/${encipheredVector.mn}/admit`, { ...admission, outlet_code: 'DW009' });
    const before = await waitUntil(async () => {
        const s = await client.get(`/api/v1/stations/${encipheredVector.mn}`);
        return s.issues.length && s;
    }, { what: 'the issue is named' });
    assert.ok(before.issues.length);
    await client.patch(`/api/v1/stations/${encipheredVector.mn}/profile`, { sm4_key: encipheredVector.key });
    const values = await pointsReach(client, encipheredVector.mn, encipheredVector.factor, 1, { at: encipheredVector.time, kind: encipheredVector.kind });
    assert.ok(values.length >= 1);
    const record = await client.get(`/api/v1/frames/${values[0].seq}`);
    assert.equal(record.decoded.encrypted, encipheredVector.form);
    await logger.close();
});

test('split packets: every part is stored, in any order, complete or not', async (t) => {
    const { server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    const part = (pno, cells) => wrap(`QN=${newQn()};ST=32;CN=2011;PW=123456;MN=${MN};Flag=7;PNUM=2;PNO=${pno};CP=&&DataTime=${stamp(base, 14)};${cells}&&`);
    await logger.send(part(2, 'w21003-Rtd=0.5,w21003-Flag=N'));
    await logger.send(part(1, 'w01018-Rtd=9.5,w01018-Flag=N'));
    assert.equal((await pointsReach(client, MN, 'w01018', 1))[0].value, '9.5');
    assert.equal((await pointsReach(client, MN, 'w21003', 1))[0].value, '0.5');
    const alone = wrap(`QN=${newQn()};ST=32;CN=2011;PW=123456;MN=${MN};Flag=7;PNUM=3;PNO=1;CP=&&DataTime=${stamp(base + 60000, 14)};w01018-Rtd=8.5,w01018-Flag=N&&`);
    await logger.send(alone);
    assert.equal((await pointsReach(client, MN, 'w01018', 2)).at(-1).value, '8.5');
    await logger.close();
});

test('a restart changes nothing, and the log alone gives the same series', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    for (let i = 0; i < 50; i++) await logger.sendRealtime(MN, { w01018: `${i}.5`, w21003: `0.${i}` }, { time: base + i * 1000 });
    await logger.close();
    const before = await pointsReach(client, MN, 'w01018', 50);
    await server.kill();
    const again = await startServer(t, { dir });
    const c = new Client(again.url);
    await c.signIn('officer', PASSWORD);
    assert.deepEqual(await pointsReach(c, MN, 'w01018', 50), before);
    await again.stop();
    yuhengOk(['rebuild', '--data', dir, '--check']);
    const rebuilt = JSON.parse(yuhengOk(['rebuild', '--data', dir]));
    assert.equal(rebuilt.values, 100);
    yuhengOk(['rebuild', '--data', dir, '--check']);
});

test('who may not, is told so and changes nothing', async (t) => {
    const { server, client } = await start(t);
    const stranger = new Client(server.url);
    await stranger.problem('GET', '/api/v1/stations', undefined, 401);
    await stranger.problem('GET', '/api/v1/frames/0', undefined, 401);
    const viewer = new Client(server.url);
    await viewer.signIn('looker', PASSWORD);
    assert.ok((await viewer.get('/api/v1/stations')).total >= 1);
    await viewer.problem('PATCH', `/api/v1/stations/${MN}/profile`, { password: '1' }, 403);
    viewer.csrf = null;
    client.csrf = 'wrong';
    await client.problem('PATCH', `/api/v1/stations/${MN}/profile`, { password: '1' }, 403);
    assert.equal((await viewer.get(`/api/v1/stations/${MN}`)).profile.password_set, false);
});

test('operations of the platform are in the evidence log, their secrets are not, and readers of values cannot open them', async (t) => {
    const { dir, server, client } = await start(t);
    await client.patch(`/api/v1/stations/${MN}/profile`, { sm4_key: '30'.repeat(16), password: 'geheim' });
    const total = (await client.get('/api/v1/evidence')).records;
    let denied = 0;
    for (let seq = 0; seq < total; seq++)
        denied += (await client.request('GET', `/api/v1/frames/${seq}`)).status === 403;
    assert.ok(denied >= 2, 'sign-in, admission and change');
    await server.stop();
    const bytes = storedBytes(dir);
    assert.ok(bytes.includes('station.profile'));
    assert.ok(!bytes.includes('geheim') && !bytes.includes('30'.repeat(16)));
});

test('wrong use of a command is one clear line and status 2', () => {
    for (const args of [[], ['nonsense'], ['serve'], ['serve', '--data'], ['serve', '--data', '/tmp/x', '--http', 'no-port'],
        ['series', '--data', '/nonexistent', '--mn', 'x', '--factor', 'y'], ['log'], ['log', 'nonsense'],
        ['log', 'verify', '--data', '/nonexistent'], ['rebuild'], ['rebuild', '--data', '/nonexistent', '--check'],
        ['replay', '--gate', '127.0.0.1:1'], ['replay', '--gate', 'x', '/nonexistent'], ['demo', 'nonsense', '--data', '/tmp/x', 'f'],
        ['decode', '/nonexistent'], ['decode', '--key', 'zz']]) {
        const r = yuheng(args);
        assert.equal(r.status, 2, `yuheng ${args.join(' ')} → ${r.status}`);
        assert.equal(r.stderr.trim().split('\n').length, 1, `yuheng ${args.join(' ')}: ${r.stderr}`);
        assert.ok(r.stderr.startsWith('yuheng: '), r.stderr);
    }
});
