// Simulated loggers against the real server, and against a platform that gives commands.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from './lib/client.mjs';
import { frame, newQn, parseSegment } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, binary, startServer, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';

const PASSWORD = 'Correct-horse-7-battery';

async function start(t) {
    const dir = tempDir();
    addUser(dir, 'officer', 'duty', PASSWORD);
    const server = await startServer(t, { dir });
    const client = new Client(server.url);
    await client.signIn('officer', PASSWORD);
    return { dir, server, client };
}

const gateOf = (server) => `${server.gate.host}:${server.gate.port}`;

function scriptFile(script) {
    const path = join(tempDir(), 'script.json');
    writeFileSync(path, JSON.stringify(script));
    return path;
}

const simOptions = (options) => Object.entries(options).flatMap(([k, v]) => [`--${k}`, String(k === 'script' ? scriptFile(v) : v)]);
const simulate = (server, options) => JSON.parse(yuhengOk(['sim', '--gate', gateOf(server), ...simOptions(options)]));
const listed = (options) => yuhengOk(['sim', '--list', ...simOptions(options)]).trim().split('\n').map((l) => JSON.parse(l));

// Admits simulated loggers that have called, and hands over their keys.
async function admit(client, stations) {
    for (const [i, s] of stations.entries()) {
        await waitUntil(async () => (await client.get('/api/v1/stations/unknown?limit=200')).items.some((u) => u.mn === s.mn), { what: `${s.mn} is offered` });
        await client.post(`/api/v1/stations/unknown/${s.mn}/admit`, {
            name: `示范·模拟站${i}`, enterprise_name: '示范·模拟厂', region_code: '500107', medium: s.medium,
            outlet_code: `${s.medium === 'water' ? 'DW' : 'DA'}${String(i + 1).padStart(3, '0')}`, outlet_name: '总排口',
        });
        if (s.sm4_key) await client.patch(`/api/v1/stations/${s.mn}/profile`, { sm4_key: s.sm4_key });
    }
}

const DAY = 86400_000;
const span = () => `from=${encodeURIComponent(new Date(Date.now() - 3 * DAY).toISOString())}&to=${encodeURIComponent(new Date(Date.now() + DAY).toISOString())}`;

const pointsReach = (client, mn, factor, n, kind = 'rtd', field = '') => waitUntil(async () => {
    const { points } = await client.get(`/api/v1/stations/${mn}/series?factor=${factor}&kind=${kind}${field && `&field=${field}`}&${span()}`);
    return points.length >= n && points;
}, { what: `${n} ${kind} values of ${factor} of ${mn}` });

const issueOf = (client, mn, word) => waitUntil(
    async () => (await client.get(`/api/v1/stations/${mn}`)).issues.find((i) => i.word === word), { what: `issue ${word} of ${mn}` });

test('all editions, media and dialects arrive, enciphered ones with their key', async (t) => {
    const { server, client } = await start(t);
    const stations = listed({ outlets: 12 });
    assert.deepEqual(stations, listed({ outlets: 12 }), 'who takes part is known beforehand');
    assert.notDeepEqual(stations.map((s) => s.sm4_key), listed({ outlets: 12, seed: 2 }).map((s) => s.sm4_key));
    const result = simulate(server, { outlets: 12, interval: 1, seconds: 3 });
    assert.deepEqual(Object.keys(result), ['sent', 'asked', 'acknowledged', 'rejected', 'reconnects', 'seconds', 'ack_ms_p50', 'ack_ms_p99']);
    assert.ok(result.sent >= 12 * 6, JSON.stringify(result));
    assert.equal(result.asked, result.sent);
    assert.equal(result.acknowledged, result.sent, 'every frame is acknowledged');
    assert.equal(result.rejected, 0);
    const unknown = await waitUntil(async () => {
        const { items } = await client.get('/api/v1/stations/unknown?limit=200');
        return items.length === 12 && items;
    }, { what: 'twelve senders are offered' });
    for (const s of stations) assert.equal(unknown.find((u) => u.mn === s.mn).edition, s.edition);
    await admit(client, stations);
    for (const s of stations) {
        const factor = s.factors[1];
        const rtd = await pointsReach(client, s.mn, factor, 2);
        assert.ok(rtd.every((p) => p.flag === 'N' && Number(p.value) > 0));
        for (const kind of ['minute', 'hour', 'day']) {
            const [avg] = await pointsReach(client, s.mn, factor, 1, kind, 'Avg');
            const [min] = await pointsReach(client, s.mn, factor, 1, kind, 'Min');
            const [max] = await pointsReach(client, s.mn, factor, 1, kind, 'Max');
            assert.ok(Number(min.value) <= Number(avg.value) && Number(avg.value) <= Number(max.value));
        }
        const { items } = await client.get(`/api/v1/stations/${s.mn}/frames?limit=100`);
        const cns = new Set(items.map((f) => f.cn));
        for (const cn of [s.login, s.heartbeat, '2021', ...(s.edition === '2005' ? [] : ['2081', '3020'])].filter(Boolean))
            assert.ok(cns.has(cn), `${s.mn} sends ${cn}`);
    }
});

test('the past is back-filled and marked, the present comes first', async (t) => {
    const { server, client } = await start(t);
    const fleet = { fleet: [{ edition: '2025' }, { edition: '2017' }] };
    const stations = listed({ script: fleet });
    simulate(server, { script: fleet, interval: 1, seconds: 3, history: 2, 'hourly-days': 2 });
    await admit(client, stations);
    for (const s of stations) {
        await pointsReach(client, s.mn, 'w01018', s.edition === '2025' ? 120 : 12, 'minute', 'Avg');
        const hours = await pointsReach(client, s.mn, 'w01018', 48, 'hour', 'Avg');
        const record = await client.get(`/api/v1/frames/${hours[5].seq}`);
        assert.equal(record.raw.includes(';RF=1;'), s.edition === '2025');
        assert.ok(!(await client.get(`/api/v1/frames/${hours.at(-1).seq}`)).raw.includes(';RF=1;'));
    }
});

test('split packets arrive whole', async (t) => {
    const { server, client } = await start(t);
    const script = { fleet: [{ edition: '2017', factors: 40 }, { edition: '2025', sm4: true, factors: 40, cp_max: 300 }] };
    const stations = listed({ script });
    assert.equal(stations[0].factors.length, 40);
    const result = simulate(server, { script, interval: 1, seconds: 1 });
    assert.equal(result.acknowledged, result.sent);
    await admit(client, stations);
    for (const s of stations)
        for (const factor of [s.factors[0], s.factors[20], s.factors[39]]) {
            const [value] = await pointsReach(client, s.mn, factor, 1);
            assert.match((await client.get(`/api/v1/frames/${value.seq}`)).raw, /;PNUM=\d+;PNO=\d+;/);
        }
});

test('faults are seen for what they are and harm nobody else', async (t) => {
    const { server, client } = await start(t);
    const script = {
        fleet: [{ count: 12, edition: '2017' }],
        faults: [
            { kind: 'frame', outlets: [0], damage: 'crc-modbus', nth: 2 },
            { kind: 'clock', outlets: [1], from: 1, shift: 7200 },
            { kind: 'constant', outlets: [2], factor: 'w01018', value: '36.5' },
            { kind: 'flag', outlets: [3], factor: 'w01018', flag: 'D' },
            { kind: 'junk', outlets: [4], every: 1 },
            { kind: 'trickle', outlets: [5] },
            { kind: 'storm', outlets: [6], from: 1, to: 3 },
            { kind: 'repeat', outlets: [7] },
            { kind: 'frame', outlets: [8], damage: 'length-long' },
            { kind: 'late', outlets: [9], to: 3 },
            { kind: 'gap', outlets: [10], to: 3600 },
        ],
    };
    const stations = listed({ script });
    simulate(server, { script: { fleet: script.fleet, faults: [{ kind: 'gap' }] }, seconds: 1 }); // who they are, and no value
    await admit(client, stations);
    const result = simulate(server, { script, interval: 1, seconds: 5 });
    assert.ok(result.reconnects >= 2, JSON.stringify(result));
    const mn = (i) => stations[i].mn;
    await issueOf(client, mn(0), 'bad_crc');
    const { items } = await client.get(`/api/v1/stations/${mn(0)}/frames?limit=100`);
    const bad = await client.get(`/api/v1/frames/${items.find((f) => f.kind === 'bad').seq}`);
    assert.match(JSON.stringify(bad), /MODBUS/);
    await issueOf(client, mn(1), 'future');
    assert.ok((await pointsReach(client, mn(2), 'w01018', 4)).every((p) => Number(p.value) === 36.5));
    assert.ok((await pointsReach(client, mn(3), 'w01018', 4)).every((p) => p.flag === 'D'));
    assert.ok((await pointsReach(client, mn(3), 'w21003', 4)).every((p) => p.flag === 'N'));
    for (const i of [4, 5, 7, 8, 11]) await pointsReach(client, mn(i), 'w01018', 4);
    await pointsReach(client, mn(6), 'w01018', 2);
    const late = await pointsReach(client, mn(9), 'w01018', 4);
    assert.ok(late.every((p) => p.versions === 1));
    assert.equal((await client.get(`/api/v1/stations/${mn(10)}/series?factor=w01018&${span()}`)).points.length, 0);
    await waitUntil(async () => (await client.get(`/api/v1/stations/${mn(7)}`)).counts.repeated >= 4, { what: 'repeats are counted' });
});

// A platform that collects the frames of one logger and can say something to it.
async function platform(t, args) {
    const frames = [];
    let socket;
    const server = createServer((s) => {
        socket = s;
        let text = '';
        s.setEncoding('latin1').on('error', () => {}).on('data', (chunk) => {
            text += chunk;
            for (let m; (m = /##(\d{4})/.exec(text)) && text.length >= m.index + 6 + Number(m[1]) + 4;) {
                frames.push(parseSegment(text.slice(m.index + 6, m.index + 6 + Number(m[1]))));
                text = text.slice(m.index + 6 + Number(m[1]) + 4);
            }
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const child = spawn(binary, ['sim', '--gate', `127.0.0.1:${server.address().port}`, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (d) => { out += d; });
    const ended = once(child, 'close');
    t.after(async () => { child.kill('SIGKILL'); server.close(); socket?.destroy(); await ended; });
    const reach = (condition, what) => waitUntil(() => frames.find(condition), { what });
    return {
        frames, reach,
        say: (bytes) => socket.write(bytes),
        async stop() { child.kill('SIGTERM'); const [code] = await ended; assert.equal(code, 0); return JSON.parse(out); },
    };
}

test('commands are carried out over the line, and go wrong on request', async (t) => {
    const script = { fleet: [{ edition: '2017', ask: false }], commands: [{ cn: '3012', reply: 'refuse' }, { cn: '3011', reply: 'timeout' }] };
    const [{ mn }] = listed({ script });
    const p = await platform(t, simOptions({ script, interval: 1 }));
    await p.reach((f) => f.CN === '2011', 'real-time data');
    const tell = (cn, cp) => { const qn = newQn(); p.say(frame({ qn, cn, mn, flag: 5, cp })); return qn; };
    const codes = async (qn) => {
        const first = await p.reach((f) => f.CN === '9011' && f.QN === qn, `9011 to ${qn}`);
        return first.cp === 'QnRtn=1' ? [first.cp, (await p.reach((f) => f.CN === '9012' && f.QN === qn, `9012 to ${qn}`)).cp] : [first.cp];
    };
    assert.deepEqual(await codes(tell('1062', 'RtdInterval=3600')), ['QnRtn=1', 'ExeRtn=1']);
    assert.deepEqual(await codes(tell('1061', '')), ['QnRtn=1', 'ExeRtn=1']);
    await p.reach((f) => f.CN === '1061' && f.cp === 'RtdInterval=3600', 'the interval');
    assert.deepEqual(await codes(tell('2061', 'BeginTime=20260101000000;EndTime=20260101120000')), ['QnRtn=1', 'ExeRtn=1']);
    assert.equal(p.frames.filter((f) => f.CN === '2061' && f.cp.includes('DataTime=20260101')).length, 13);
    assert.deepEqual(await codes(tell('3012', 'PolId=w01018')), ['QnRtn=2']);
    assert.deepEqual(await codes(tell('3011', 'PolId=w01018')), ['QnRtn=1', 'ExeRtn=4']);
    assert.deepEqual(await codes(tell('4711', '')), ['QnRtn=8']);
    const qn = tell('2012', '');
    await p.reach((f) => f.CN === '9013' && f.QN === qn, 'the notice is answered');
    const result = await p.stop();
    assert.equal(result.sent, p.frames.length);
});

test('wrong use is one clear line and status 2', () => {
    const wrong = scriptFile({ faults: [{ kind: 'gapp' }] });
    for (const [args, says] of [[[], /outlets/], [['--outlets', '0'], /outlets/], [['--outlets', '3'], /gate/],
        [['--outlets', '20001'], /range/], [['--outlets', '3', '--factors', '65'], /range/], [['--outlets', '3', '--gate', 'nowhere'], /HOST:PORT/],
        [['--outlets', '1', '--rate', '2000'], /loggers/], [['--outlets', '3', '--script', '/nonexistent'], /nonexistent/],
        [['--script', wrong, '--outlets', '3'], /faults\[0\]: 'kind'/], [['--outlets', '3', '--first', '999999'], /firm/], [['--outlets', '3', 'x'], /argument/]]) {
        const r = yuheng(['sim', ...args]);
        assert.equal(r.status, 2, `${args.join(' ')}: ${r.stderr}`);
        assert.match(r.stderr, says);
        assert.equal(r.stderr.trim().split('\n').length, 1);
    }
    const r = yuheng(['sim', '--gate', '127.0.0.1:1', '--outlets', '1', '--seconds', '1']);
    assert.equal(r.status, 1, 'a platform that is not there');
    assert.match(r.stderr, /^yuheng: sim: .*127\.0\.0\.1/);
});
