// Frame inspector, connections, faults by cause and the log of one station, page by page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from './lib/client.mjs';
import { encipheredVector } from './lib/enciphered.mjs';
import { Logger, crc, frame, newQn, stamp, wrap } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, startServer, tempDir } from './lib/yuheng.mjs';

const MN = '010000A8900016F000169DC0';
const OTHER = '010000A8900016F000169DC1';
const PASSWORD = 'Correct-horse-7-battery';
const DECODE = '/api/v1/frames/decode', COMPOSE = '/api/v1/frames/compose';

async function start(t, role = 'duty') {
    const dir = tempDir();
    addUser(dir, 'officer', role, PASSWORD);
    const server = await startServer(t, { dir });
    const client = new Client(server.url);
    await client.signIn('officer', PASSWORD);
    return { dir, server, client };
}

const MOMENT = Date.now() - 60_000;
const good = (mn = MN) =>
    frame({ qn: stamp(MOMENT), mn, cp: `DataTime=${stamp(MOMENT, 14)};w01018-Rtd=12.50,w01018-Flag=N` }).toString('latin1');
const decode = (client, text, key) => client.post(DECODE, key === undefined ? { text } : { text, key });
const escaped = (text) => text.replace(/\r/g, '\\r').replace(/\n/g, '\\n');
const hex = (text) => Buffer.from(text, 'latin1').toString('hex');

test('a pasted frame is explained the same way, raw, escaped or in hex', async (t) => {
    const { client } = await start(t);
    const pair = hex(good()).match(/../g).join(' ').toUpperCase();
    for (const [text, how] of [[good(), 'raw'], [escaped(good()), 'escaped'], [hex(good()), 'hex'], [pair, 'hex']]) {
        const r = await decode(client, text);
        assert.equal(r.read_as, how);
        assert.equal(r.events.length, 1);
        const [e] = r.events;
        assert.deepEqual([e.kind, e.mn, e.cause, e.cause_text, e.key_from], ['frame', MN, null, null, null]);
        assert.equal(e.decoded.crc_ok, true);
        assert.equal(e.decoded.declared_len, e.decoded.actual_len);
        assert.equal(e.explained.system_type.name !== null, true);
        const cell = e.explained.items.find((i) => i.key === 'w01018-Rtd');
        assert.deepEqual([cell.value, cell.unit, cell.field_name], ['12.50', 'mg/L', '实时值']);
        assert.match(cell.factor_name, /化学需氧量/);
        assert.equal(e.explained.items.find((i) => i.key === 'w01018-Flag').value_name, '正常');
        assert.equal(e.raw, escaped(good()));
    }
});

test('each fault is named, and none takes its neighbour with it', async (t) => {
    const { client } = await start(t);
    const one = good();
    const wrongCrc = one.replace(/[0-9A-F]{4}\r\n$/, '1234\r\n');
    const wrongLength = one.replace(/^##\d{4}/, '##0999');
    const { events, omitted } = await decode(client, `hello${one}${wrongCrc}${wrongLength}${one.slice(0, 60)}\r\n${one}`);
    assert.equal(omitted, 0);
    assert.deepEqual(events.map((e) => e.kind), ['junk', 'frame', 'bad', 'frame', 'junk', 'frame']);
    assert.deepEqual([events[1].cause, events[5].cause], [null, null]);
    assert.equal(events[0].cause, 'no-start');
    assert.equal(events[0].decoded, null);
    assert.match(events[2].cause, /crc/);
    assert.equal(events[3].cause, 'length-long');
    assert.match(events[3].cause_text, /999/);
    assert.equal(events[4].cause, 'truncated');
});

test('an enciphered area opens with the key that is given, or that of the station', async (t) => {
    const { server, client } = await start(t);
    const text = encipheredVector.line.trim();
    const closed = (await decode(client, text)).events[0];
    assert.deepEqual([closed.decoded.status, closed.key_from], ['encrypted', null]);
    const open = (await decode(client, text, encipheredVector.key)).events[0];
    assert.equal(open.key_from, 'given');
    assert.equal(open.decoded.status, 'ok');
    assert.ok(open.explained.items.some((i) => i.key.startsWith(encipheredVector.factor)));
    const wrong = (await decode(client, text, 'ab'.repeat(16))).events[0];
    assert.equal(wrong.cause, 'key-wrong');
    assert.ok(wrong.cause_text);

    const logger = await Logger.open(server.gate);
    logger.write(encipheredVector.bytes);
    await waitUntil(async () => (await client.get('/api/v1/stations/unknown')).items.length, { what: 'the sender is offered' });
    await client.post(`/api/v1/stations/unknown/${encipheredVector.mn}/admit`, {
        name: '示范·站', enterprise_name: '示范·厂', outlet_code: 'DA001', outlet_name: '排口', medium: 'air', region_code: '500107' });
    await client.patch(`/api/v1/stations/${encipheredVector.mn}/profile`, { sm4_key: encipheredVector.key });
    const known = await waitUntil(async () => {
        const e = (await decode(client, text)).events[0];
        return e.key_from === 'station' && e;
    }, { what: 'the key of the station is used' });
    assert.equal(known.decoded.status, 'ok');
    await logger.close();
});

test('text in GB 18030 is read, and hostile text is answered in JSON', async (t) => {
    const { client } = await start(t);
    const name = Buffer.from('d6d8c7ec', 'hex').toString('latin1'); // 重庆
    const segment = Buffer.from(`ST=32;CN=3020;PW=1;MN=${MN};Flag=5;CP=&&Info=${name}&&`, 'latin1');
    const whole = Buffer.concat([Buffer.from(`##${String(segment.length).padStart(4, '0')}`), segment, Buffer.from(`${crc(segment)}\r\n`)]);
    const { events } = await decode(client, whole.toString('hex'));
    assert.equal(events[0].kind, 'frame');
    assert.equal(events[0].explained.items[0].value, '重庆');
    for (const text of ['\\', '\\x', '##', '##0000', '{"a":1}', '<script>alert(1)</script>', '报文', '\ud83d\ude00', '0', '#'.repeat(60000)])
        assert.ok(Array.isArray((await decode(client, text)).events), JSON.stringify(text.slice(0, 20)));
    const refused = await client.problem('POST', DECODE, { text: '##\u0001' }, 422);
    assert.match(refused.fields.text, /控制字符/);
});

test('what is too long or wrongly keyed is refused with the reason; many frames are counted', async (t) => {
    const { client } = await start(t);
    const long = await client.problem('POST', DECODE, { text: 'x'.repeat(64 * 1024 + 1) }, 422);
    assert.match(long.fields.text, /64 KB/);
    await client.problem('POST', DECODE, { text: '' }, 422);
    await client.problem('POST', DECODE, { text: '##', key: 'short' }, 422);
    await client.problem('POST', DECODE, {}, 422);
    const many = await decode(client, wrap(`MN=${MN}`).toString().repeat(1500));
    assert.equal(many.events.length, 200);
    assert.equal(many.omitted, 1300);
    const stranger = new Client(client.url);
    await stranger.problem('POST', DECODE, { text: '##' }, 401);
});

test('inspecting stores nothing', async (t) => {
    const { client } = await start(t, 'viewer');
    const before = (await client.get('/api/v1/evidence')).records;
    await decode(client, good());
    await client.post(COMPOSE, { edition: '2017', cn: '2011', items: [] });
    assert.equal((await client.get('/api/v1/evidence')).records, before);
    assert.deepEqual((await client.get('/api/v1/stations/unknown')).items, []);
});

test('a composed frame reads back as it was asked for, in every edition', async (t) => {
    const { client } = await start(t);
    const items = [{ key: 'DataTime', value: '20261123080000' }, { key: 'w01018-Rtd', value: '12.50' }, { key: 'w01018-Flag', value: 'N' }, { key: 'w21003-Rtd', value: '0.3' }];
    for (const edition of ['2005', '2017', '2025']) {
        const made = await client.post(COMPOSE, { edition, qn: '20261123080000000', st: '32', cn: '2011', pw: '123456', mn: MN, ack: true, items });
        const { events: [e] } = await decode(client, made.raw);
        assert.equal(e.kind, 'frame', edition);
        assert.equal(e.decoded.version, edition);
        assert.equal(e.decoded.flag?.ack, true);
        assert.equal(e.decoded.crc_given, made.crc);
        assert.equal(e.decoded.declared_len, made.length);
        assert.equal(e.decoded.cp, 'DataTime=20261123080000;w01018-Rtd=12.50,w01018-Flag=N;w21003-Rtd=0.3');
        assert.equal(`${made.text}\r\n`, Buffer.from(made.hex, 'hex').toString());
        assert.deepEqual((await decode(client, made.hex)).events[0].decoded, e.decoded);
    }
    const part = await client.post(COMPOSE, { edition: '2017', cn: '2051', mn: MN, pnum: 3, pno: 2, items });
    assert.deepEqual((await decode(client, part.raw)).events[0].decoded.flag, { raw: 6, version: '2017', split: true, ack: false });
});

test('an enciphered frame is composed for 2025 only, and opens with its key', async (t) => {
    const { client } = await start(t);
    const fields = { edition: '2025', cn: '2011', st: '31', mn: MN, items: [{ key: 'a21026-Rtd', value: '1.5' }, { key: 'a21026-Flag', value: 'N' }], key: '30'.repeat(16) };
    const made = await client.post(COMPOSE, fields);
    assert.equal(made.text, null);
    assert.equal((await decode(client, made.hex)).events[0].decoded.status, 'encrypted');
    const { events: [e] } = await decode(client, made.hex, fields.key);
    assert.equal(e.decoded.cp, 'a21026-Rtd=1.5,a21026-Flag=N');
    const short = await client.post(COMPOSE, { ...fields, items: [{ key: 'a', value: '1' }] });
    assert.match(short.text, /CP=&&a=1&&/, 'less than one block is not enciphered');
    const refused = await client.problem('POST', COMPOSE, { ...fields, edition: '2017' }, 422);
    assert.ok(refused.fields.key);
});

test('what would break a frame is not composed', async (t) => {
    const { client } = await start(t);
    const ask = { edition: '2017', cn: '2011', mn: MN, items: [] };
    for (const wrong of [
        { items: [{ key: 'a;b', value: '1' }] }, { items: [{ key: 'a', value: '1;CN=9999' }] }, { items: [{ key: 'a', value: '1\r\n##0001' }] },
        { items: [{ key: '', value: '1' }] }, { items: [{ key: 'a' }] }, { cn: '' }, { mn: 'a;b' }, { edition: '2030' }, { flag: 999 },
        { pnum: 0 }, { key: 'zz' }, { items: Array(600).fill({ key: 'a', value: '1' }) },
    ]) await client.problem('POST', COMPOSE, { ...ask, ...wrong }, 422);
    const large = await client.problem('POST', COMPOSE, { ...ask, items: Array(5).fill({ key: 'a', value: 'x'.repeat(1000) }) }, 422, 'too_large');
    assert.match(large.title, /4096/);
});

test('who is connected, since when, and what they say', async (t) => {
    const { server, client } = await start(t);
    const nobody = await client.get('/api/v1/connections');
    assert.deepEqual([nobody.items, nobody.connected, nobody.total], [[], 0, 0]);
    assert.deepEqual(nobody.listen, server.gate);

    const silent = await Logger.open(server.gate);
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '1.0' });
    await logger.sendRealtime(OTHER, { w01018: '1.0' });
    logger.write(good().replace(/[0-9A-F]{4}\r\n$/, '1234\r\n') + 'noise' + good());
    const seen = await waitUntil(async () => {
        const c = await client.get('/api/v1/connections');
        return c.connected === 2 && c.items[0].junk === 1 && c.items[0].state === 'served' && c;
    }, { what: 'both connections and what they sent' });
    const [talks, quiet] = seen.items;
    assert.deepEqual([talks.frames, talks.bad, talks.junk, talks.edition, talks.last_cn, talks.state], [3, 1, 1, '2017', '2011', 'served']);
    assert.match(talks.last_cn_name, /实时/);
    assert.deepEqual(talks.stations.map((s) => [s.mn, s.known, s.name]), [[MN, false, null], [OTHER, false, null]]);
    assert.ok(Date.parse(talks.since) <= Date.parse(talks.last_frame));
    assert.ok(talks.bytes > 200);
    assert.deepEqual([quiet.frames, quiet.last_frame, quiet.edition, quiet.stations], [0, null, '', []]);
    assert.match(quiet.peer, /^127\.0\.0\.1:\d+$/);

    const count = async (query) => (await client.get(`/api/v1/connections?${query}`)).total;
    assert.equal(await count('sender=silent'), 1);
    assert.equal(await count('sender=unknown'), 1);
    assert.equal(await count('sender=known'), 0);
    assert.equal(await count('edition=2017'), 1);
    assert.equal(await count('edition=2005'), 0);
    assert.equal(await count('state=paused'), 0);
    assert.equal(await count(`q=${OTHER}`), 1);
    assert.equal(await count('q=127.0.0.1'), 2);
    await client.problem('GET', '/api/v1/connections?cursor=x', undefined, 422);
    assert.deepEqual((await client.all('/api/v1/connections', 1)).map((c) => c.id), [talks.id, quiet.id]);

    await client.post(`/api/v1/stations/unknown/${MN}/admit`, {
        name: '示范·站', enterprise_name: '示范·厂', outlet_code: 'DW001', outlet_name: '排口', medium: 'water', region_code: '500107' });
    await logger.sendRealtime(MN, { w01018: '2.0' });
    const known = await waitUntil(async () => {
        const s = (await client.get('/api/v1/connections?sender=unknown')).items[0]?.stations[0];
        return s?.known && s.clock_offset_s !== null && s;
    }, { what: 'the admitted station shows its clock' });
    assert.equal(known.name, '示范·站');
    assert.ok(Math.abs(known.clock_offset_s) < 30);

    await logger.close();
    await silent.close();
    await waitUntil(async () => (await client.get('/api/v1/connections')).connected === 0, { what: 'nobody is connected any more' });
});

test('faults are counted by cause, and lead to the newest record of each', async (t) => {
    const { server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '1.0' });
    for (let i = 0; i < 3; i++) logger.write(good().replace(/[0-9A-F]{4}\r\n$/, `123${i}\r\n`));
    logger.write(good().replace(/^##\d{4}/, '##0999'));
    await logger.close();
    const faults = await waitUntil(async () => {
        const f = await client.get('/api/v1/faults');
        return f.items.reduce((n, i) => n + i.count, 0) === 4 && f;
    }, { what: 'four faults' });
    assert.deepEqual(faults.items.map((f) => f.count), [3, 1]);
    assert.match(faults.items[0].cause, /crc/);
    assert.equal(faults.items[1].cause, 'length-long');
    assert.match(faults.items[1].text, /999/);
    for (const f of faults.items) {
        const record = await client.get(`/api/v1/frames/${f.last_seq}`);
        assert.equal(record.mn, f.last_mn);
        assert.equal(record.kind, f.cause.startsWith('crc') ? 'bad' : 'frame');
        assert.equal(record.received, f.last_received);
        assert.deepEqual([record.cause, record.cause_text], [f.cause, f.text]);
    }
});

test('the log of a station goes back page by page to its first record, also after a restart', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    for (let i = 0; i < 90; i++) {
        await logger.send(frame({ qn: newQn(), mn: MN, cn: i % 3 ? '2011' : '2051', cp: `DataTime=${stamp(Date.now(), 14)};w01018-Rtd=${i}.0` }));
        if (i % 30 === 0) await logger.sendRealtime(OTHER, { w01018: '1.0' });
        if (i % 45 === 0) logger.write(good().replace(/[0-9A-F]{4}\r\n$/, `12${i + 10}\r\n`));
    }
    await logger.close();
    const path = `/api/v1/stations/${MN}/frames`;
    const check = async (c) => {
        const all = await waitUntil(async () => {
            const rows = await c.all(path, 7);
            return rows.length === 92 && rows;
        }, { what: 'all records of the station' });
        assert.deepEqual(all.map((f) => f.seq), all.map((f) => f.seq).sort((a, b) => b - a));
        assert.equal(new Set(all.map((f) => f.seq)).size, 92);
        const bad = await c.all(`${path}?kind=bad`, 1);
        assert.equal(bad.length, 2);
        assert.ok(bad.every((f) => f.kind === 'bad' && f.cause_text));
        assert.equal((await c.all(`${path}?cn=2051&kind=frame`, 4)).length, 30);
        assert.ok((await c.all(`${path}?cn=2051`, 50)).every((f) => f.cn === '2051' && f.cn_name));
        assert.equal((await c.all(`/api/v1/stations/${OTHER}/frames`)).length, 3);
        return all;
    };
    const before = await check(client);
    await client.problem('GET', `${path}?cursor=-1`, undefined, 422);
    await client.problem('GET', `${path}?kind=other`, undefined, 400);
    await client.problem('GET', '/api/v1/stations/NOBODY/frames', undefined, 404);
    await server.stop();

    const again = await startServer(t, { dir });
    const later = new Client(again.url);
    await later.signIn('officer', PASSWORD);
    assert.deepEqual((await check(later)).map((f) => f.seq), before.map((f) => f.seq));
});

test('only faults: what is broken or gave no values for a reason', async (t) => {
    const { server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    await logger.sendRealtime(MN, { w01018: '1.0' });
    await logger.send(frame({ qn: newQn(), mn: MN, cp: 'w01018-Rtd=1.0,w01018-Flag=N' })); // no DataTime
    logger.write(good().replace(/[0-9A-F]{4}\r\n$/, '1234\r\n') + 'noise' + good());
    await waitUntil(async () => (await client.get('/api/v1/stations/unknown')).items.length, { what: 'the sender is offered' });
    await client.post(`/api/v1/stations/unknown/${MN}/admit`, {
        name: '示范·站', enterprise_name: '示范·厂', outlet_code: 'DW001', outlet_name: '排口', medium: 'water', region_code: '500107' });
    const faults = await waitUntil(async () => {
        const { items } = await client.get(`/api/v1/stations/${MN}/frames?faults=true`);
        return items.length === 3 && items;
    }, { what: 'three faults' });
    assert.deepEqual(faults.map((f) => f.kind).sort(), ['bad', 'frame', 'junk']);
    assert.equal(faults.find((f) => f.kind === 'frame').cause, 'no_time');
    await logger.close();
});
