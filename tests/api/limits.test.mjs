// Each protection of the gate as its peers see it, with settings from yuheng.conf; and the settings themselves.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Logger, frame, newQn, stamp } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { root, startServer, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';

const MN = 'LIMIT00000000000000000001', OTHER = 'LIMIT00000000000000000002';

const conf = (dir, settings) => writeFileSync(join(dir, 'yuheng.conf'),
    Object.entries(settings).map(([k, v]) => `${k} = ${v}\n`).join(''));

async function start(t, settings, options = {}) {
    const dir = tempDir();
    conf(dir, settings);
    return startServer(t, { dir, ...options });
}

// {name: value} and {name{cause}: value} of /metrics.
async function metrics(server) {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Object.fromEntries([...text.matchAll(/^(yuheng_gate_\w+)(?:\{cause="(\w+)"\})? (\d+)$/gm)]
        .map((m) => [m[2] ? `${m[1].slice(12)}.${m[2]}` : m[1].slice(12), Number(m[3])]));
}

const until = (server, what, holds, deadline = 30_000) => waitUntil(async () => {
    const m = await metrics(server);
    return holds(m) && m;
}, { deadline, what });

// A bare socket; `closed` resolves when the server has closed it.
function dial({ host, port }) {
    return new Promise((done, fail) => {
        const socket = connect({ host, port, noDelay: true });
        socket.once('error', fail);
        socket.once('connect', () => {
            socket.off('error', fail);
            socket.on('error', () => {}).resume();
            socket.closed_ = new Promise((closed) => socket.once('close', closed));
            done(socket);
        });
    });
}

const data = (mn, i, flag = 5) => frame({ qn: newQn(), mn, flag, cp: `DataTime=${stamp(Date.UTC(2026, 0, 1) + i * 1000, 14)};w01018-Rtd=1.0` });
const exported = (dir) => yuhengOk(['log', 'export', '--data', dir]).trim().split('\n').filter(Boolean).map((l) => JSON.parse(l));

// What the evidence log holds, junk and notes too, as it stands on disk.
const stored = (dir) => readdirSync(join(dir, 'log'), { withFileTypes: true })
    .filter((f) => f.isFile()).map((f) => readFileSync(join(dir, 'log', f.name), 'utf8')).join('\n');

test('connections beyond those of an address are closed, its others go on', async (t) => {
    const server = await start(t, { 'connections-per-address': 2 });
    const one = await Logger.open(server.gate), two = await Logger.open(server.gate);
    await one.send(data(MN, 1));
    await two.send(data(OTHER, 1)); // two stations behind one address
    const third = await dial(server.gate);
    await third.closed_;
    await one.send(data(MN, 2));
    assert.equal((await metrics(server))['refused_connections_total.address_connections'], 1);
    await two.close();
    await until(server, 'the place is free', (m) => m.connections === 1);
    const fourth = await Logger.open(server.gate);
    await fourth.send(data(OTHER, 2));
    assert.match(server.log(), /WARN gate: 127\.0\.0\.1:\d+ refused: its address has as many connections as allowed\n/);
});

test('an address that connects too often is turned away, and counted; the log says it once', async (t) => {
    const server = await start(t, { 'connects-per-address': 1, 'connects-per-address-burst': 3 });
    const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(server.gate)));
    const m = await until(server, 'the rest is refused', (v) => v['refused_connections_total.address_rate'] >= 15);
    assert.equal(m['refused_connections_total.address_rate'] + m.connections, 20);
    assert.ok(m.connections >= 3);
    assert.equal(server.log().match(/connects too often/g).length, 1);
    sockets.forEach((s) => s.destroy());
});

test('a storm of connections waits its turn in the kernel and all get in', async (t) => {
    const server = await start(t, { connects: 50, 'connects-burst': 10 });
    const from = performance.now();
    const loggers = await Promise.all(Array.from({ length: 60 }, () => Logger.open(server.gate)));
    await Promise.all(loggers.map((l, i) => l.send(data(`STORM${i}`, i), 30_000)));
    assert.ok(performance.now() - from > 500, 'fifty of them came at fifty a second');
    const m = await metrics(server);
    assert.equal(m.connections, 60);
    assert.ok(m['delayed_total.accept_rate'] >= 1);
    await Promise.all(loggers.map((l) => l.close()));
});

test('a station above its rate is slowed down, loses nothing, and does not slow its neighbour', async (t) => {
    const server = await start(t, { 'frames-per-station': 200, 'frames-per-station-burst': 50 });
    const fast = await Promise.all([dial(server.gate), dial(server.gate)]); // the same station, twice
    const calm = await Logger.open(server.gate);
    const from = performance.now();
    for (const [k, socket] of fast.entries())
        socket.write(Buffer.concat(Array.from({ length: 300 }, (_, i) => data(MN, k * 300 + i, 4))));
    await until(server, 'it is held back', (m) => m['delayed_total.station_rate'] >= 1);
    await calm.send(data(OTHER, 1));
    const before = (await metrics(server)).frames_total;
    assert.ok(before < 600, 'the neighbour is answered while the other still waits');
    await until(server, 'all frames are in', (m) => m.frames_total === 601);
    assert.ok(performance.now() - from > 2000, '600 frames at 200 a second and 50 at once take more than two seconds');
    fast.forEach((s) => s.destroy());
    await calm.close();
    await server.stop();
    const times = exported(server.dir).filter((r) => r.mn === MN).map((r) => /DataTime=(\d+)/.exec(r.frame)[1]);
    assert.equal(new Set(times).size, 600);
});

test('what a station sent before its line broke is logged in its turn', async (t) => {
    const server = await start(t, { 'frames-per-station': 100, 'frames-per-station-burst': 1 });
    const socket = await dial(server.gate);
    socket.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => data(MN, i, 4))));
    await until(server, 'it is held back', (m) => m['delayed_total.station_rate'] >= 1 && m.bytes_total > 9000);
    socket.resetAndDestroy();
    await until(server, 'it is gone', (m) => m.connections === 0);
    assert.equal((await metrics(server)).frames_total, 100);
});

test('a frame that is not finished in time is logged as it stands; the connection stays', async (t) => {
    const server = await start(t, { partial: 1 });
    const logger = await Logger.open(server.gate);
    const whole = data(MN, 1);
    logger.write(whole.subarray(0, 60));
    await until(server, 'it is cut', (m) => m['cut_total.late'] === 1 && m.held_bytes === 0);
    await logger.send(data(MN, 2));
    await logger.close();
    await server.stop();
    assert.ok(stored(server.dir).includes(whole.subarray(0, 60).toString()), 'the beginning stands in the log');
});

test('silent connections are closed after the time set, speaking ones are not', async (t) => {
    const server = await start(t, { idle: 2 });
    const silent = await dial(server.gate), speaking = await Logger.open(server.gate);
    let over = false, n = 0;
    const talk = (async () => { while (!over) await speaking.send(data(MN, n++)); })();
    await silent.closed_;
    over = true;
    await talk;
    const m = await metrics(server);
    assert.equal(m.connections, 1);
    assert.equal(m['closed_total.idle'], 1);
});

test('memory for all: the largest holders wait, others are served, and it comes back', async (t) => {
    const server = await start(t, { held: 8, 'held-per-connection': 1024, 'unread-answers': 5, 'frames-per-station': 0 });
    const deaf = await Promise.all(Array.from({ length: 12 }, async () => {
        const s = await dial(server.gate);
        s.pause();
        return s;
    }));
    let over = false;
    deaf.forEach((s) => s.closed_.then(() => { over = true; }));
    const many = Buffer.concat(Array.from({ length: 400 }, (_, i) => data(MN, i)));
    const floods = deaf.map(async (s) => {
        while (!over && !s.destroyed)
            if (!s.write(many)) await Promise.race([s.closed_, new Promise((ok) => s.once('drain', ok))]);
    });
    const held = await until(server, 'the memory is used up', (m) => m['delayed_total.memory'] >= 1, 120_000);
    assert.ok(held.held_bytes < 2 * (8 << 20) + (1 << 20), `${held.held_bytes} bytes held`);
    const calm = await Logger.open(server.gate);
    await calm.send(data(OTHER, 1));
    await until(server, 'those that do not read are closed', (m) => m['closed_total.peer_not_reading'] >= 1);
    over = true;
    deaf.forEach((s) => s.destroy());
    await Promise.all(floods);
    await until(server, 'the memory is free', (m) => m.connections === 1 && m.held_bytes === 0);
    await calm.close();
});

test('SIGTERM: what has arrived is logged and answered before the connection is closed', async (t) => {
    const server = await start(t, { 'frames-per-station': 10, 'frames-per-station-burst': 1, drain: 20 });
    const logger = await Logger.open(server.gate), idle = await dial(server.gate);
    const qns = Array.from({ length: 500 }, () => newQn());
    const answers = qns.map((qn) => logger.answerTo(qn, 30_000));
    logger.write(Buffer.concat(qns.map((qn, i) => frame({ qn, mn: MN, cp: `DataTime=${stamp(Date.UTC(2026, 0, 1) + i * 1000, 14)};w01018-Rtd=1.0` }))));
    await until(server, 'it is held back', (m) => m['delayed_total.station_rate'] >= 1 && m.bytes_total > 40_000);
    const from = performance.now();
    await server.stop();
    assert.ok(performance.now() - from < 15_000, 'the limit of the station does not hold up the end');
    await idle.closed_;
    await Promise.all(answers);
    assert.equal(exported(server.dir).filter((r) => r.mn === MN).length, 500);
});

test('SIGTERM: a peer that does not take its answers holds up the end no longer than set', async (t) => {
    const server = await start(t, { drain: 1, 'frames-per-station': 0 });
    const deaf = await dial(server.gate);
    deaf.pause();
    const many = Buffer.concat(Array.from({ length: 5000 }, (_, i) => data(MN, i)));
    let closed = false;
    deaf.closed_.then(() => { closed = true; });
    const flood = (async () => {
        while (!closed) if (!deaf.write(many)) await Promise.race([deaf.closed_, new Promise((ok) => deaf.once('drain', ok))]);
    })();
    let before = -1, same = 0; // held back for good only when the kernel takes no more answers either
    await until(server, 'it is held back', (m) => {
        same = m.paused === 1 && m.answers_total === before ? same + 1 : 0;
        before = m.answers_total;
        return same >= 20;
    });
    await server.stop();
    assert.match(server.log(), /1 connections were not finished within 1000 ms/);
    deaf.destroy();
    await flood;
});

const notes = (dir) => [...stored(dir).matchAll(/\{"event":"config\.[^\n]*?\}(?=[^,\]}])/g)].map((m) => JSON.parse(m[0]));

test('SIGHUP: limits change at once, others are named, a bad file changes nothing, and the log has a note of each', async (t) => {
    const server = await start(t, { 'connections-per-address': 1 });
    const first = await Logger.open(server.gate);
    await first.send(data(MN, 1));
    const refusedOnce = await dial(server.gate);
    await refusedOnce.closed_;

    conf(server.dir, { 'connections-per-address': 2, 'max-connections': 7 });
    server.child.kill('SIGHUP');
    await waitUntil(() => /read again, 2 changed/.test(server.log()), { what: 'it is read again' });
    assert.match(server.log(), /max-connections: 7 instead of 20000 needs a restart/);
    const second = await Logger.open(server.gate);
    await second.send(data(OTHER, 1));

    conf(server.dir, { 'connections-per-address': 100, idle: 'soon' });
    server.child.kill('SIGHUP');
    await waitUntil(() => /the old settings stay/.test(server.log()), { what: 'it is refused' });
    assert.match(server.log(), /yuheng\.conf:2: idle must be a whole number from 1 to 604800 s, not 'soon'/);
    const third = await dial(server.gate);
    await third.closed_;
    assert.equal((await metrics(server))['refused_connections_total.address_connections'], 2);
    await first.close();
    await second.close();
    await server.stop();

    const [read, refused] = notes(server.dir);
    assert.equal(read.event, 'config.read');
    assert.deepEqual(read.changes, [
        { key: 'max-connections', from: '20000', to: '7', in_force: false },
        { key: 'connections-per-address', from: '1', to: '2', in_force: true }]);
    assert.equal(refused.event, 'config.refused');
    assert.match(refused.cause, /idle must be/);
});

for (const [what, text, cause] of [
    ['an unknown key', '\n# fine\nidle = 5\nfoo = 1\n', /yuheng\.conf:4: unknown key 'foo'/],
    ['a value out of range', 'drain = 301\n', /yuheng\.conf:1: drain must be a whole number from 0 to 300 s, not '301'/],
    ['a sign', 'idle = -1\n', /:1: idle must be .* not '-1'/],
    ['no equals sign', 'idle 5\n', /:1: 'idle 5' is not 'key = value'/],
    ['a key twice', 'idle = 5\nidle = 6\n', /:2: idle stands in line 1 already/],
    ['a bad address', 'http = nowhere\n', /:1: http must be HOST:PORT, not 'nowhere'/],
    ['bytes that are no text', Buffer.from([0x69, 0, 0x1b, 0x5b, 0x0a]), /:1: 'i\?\?\[' is not/],
    ['a file without end', 'idle = 5\n'.repeat(20_000), /larger|maximum|limit|too/],
]) {
    test(`a settings file with ${what} stops the start with one clear line`, () => {
        const dir = tempDir();
        writeFileSync(join(dir, 'yuheng.conf'), text);
        for (const command of ['serve', 'config']) {
            const r = yuheng([command, '--data', dir, '--http', '127.0.0.1:0', '--gate', '127.0.0.1:0'], { timeout: 20_000 });
            assert.equal(r.status, 2, r.stderr);
            assert.match(r.stderr, cause);
            assert.equal(r.stderr.trim().split('\n').length, 1, r.stderr);
        }
    });
}

test('yuheng config prints what is in force and where it comes from', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'yuheng.conf'), '\uFEFFidle = 5 # short\r\n  held=16\r\nhttp = 127.0.0.1:9999\r\n');
    const r = JSON.parse(yuhengOk(['config', '--data', dir, '--http', '[::1]:8081', '--max-connections', '123']));
    const by = Object.fromEntries(r.items.map((i) => [i.key, i]));
    const pick = (k) => [by[k].value, by[k].default, by[k].source];
    assert.deepEqual(pick('idle'), [5, 1800, 'file']);
    assert.deepEqual(pick('held'), [16, 256, 'file']);
    assert.deepEqual(pick('http'), ['[::1]:8081', '127.0.0.1:8080', 'command line']);
    assert.deepEqual(pick('max-connections'), [123, 20000, 'command line']);
    assert.deepEqual(pick('partial'), [60, 60, 'default']);
    assert.equal(by.idle.live, true);
    assert.equal(by.http.live, false);
    assert.equal(r.file, join(dir, 'yuheng.conf'));
});

test('the command line is checked like the file', () => {
    const r = yuheng(['serve', '--data', tempDir(), '--max-connections', '0'], { timeout: 20_000 });
    assert.equal(r.status, 2);
    assert.match(r.stderr, /max-connections must be a whole number from 1 to 200000, not '0'/);
});

test('docs/admin/config.md lists every setting as the program does', () => {
    const doc = readFileSync(join(root, 'docs/admin/config.md'), 'utf8');
    assert.ok(doc.includes(yuhengOk(['config', '--table'])), 'run: yuheng config --table');
});
