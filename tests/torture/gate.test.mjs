// Ill-treatment of the gate: crowds, storms, floods, peers that do not read. A good station is answered all the while,
// /healthz answers, memory stays bounded and comes back, and the log is in order at the end.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Logger, frame, newQn, stamp, wrap } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { demoInit, startServer, tempDir, yuheng } from '../api/lib/yuheng.mjs';

const MIB = 1 << 20;
const rss = (server) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) * 1024;

async function start(t) {
    const dir = tempDir();
    const { accounts } = demoInit(dir);
    const server = await startServer(t, { dir });
    const client = new Client(server.url);
    const admin = accounts.find((a) => a.role === 'admin');
    await client.signIn(admin.username, admin.password);
    const mn = (await client.get('/api/v1/stations?limit=1')).items[0].mn;
    return { dir, server, client, mn };
}

// An open socket; its errors are the server's right.
function open({ host, port }) {
    return new Promise((done, fail) => {
        const socket = connect({ host, port, noDelay: true });
        socket.once('error', fail);
        socket.once('connect', () => { socket.off('error', fail); socket.on('error', () => {}); done(socket); });
    });
}

const drained = (socket, bytes) => new Promise((done) => {
    if (socket.destroyed || socket.write(bytes)) return done();
    socket.once('drain', done);
    socket.once('close', done);
});

// The good station and the health page, asked all the time until stop(): the slowest answers in ms.
function watch(server, mn) {
    let running = true, slowest = 0, healthSlowest = 0, answers = 0;
    const sends = (async () => {
        const logger = await Logger.open(server.gate);
        while (running) {
            const from = performance.now();
            await logger.sendRealtime(mn, { w01018: (answers++ % 100).toFixed(1) }, { time: Date.UTC(2026, 0, 1) + answers * 1000 });
            slowest = Math.max(slowest, performance.now() - from);
        }
        await logger.close();
    })();
    const asks = (async () => {
        while (running) {
            const from = performance.now();
            const r = await fetch(`${server.url}/healthz`);
            await r.text();
            assert.equal(r.status, 200);
            healthSlowest = Math.max(healthSlowest, performance.now() - from);
        }
    })();
    return async () => {
        running = false;
        await Promise.all([sends, asks]);
        return { slowest, healthSlowest, answers };
    };
}

async function metrics(server) {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Object.fromEntries([...text.matchAll(/^(yuheng_\w+) (\d+)$/gm)].map((m) => [m[1], Number(m[2])]));
}

const untilAlone = (server) => waitUntil(async () => {
    const m = await metrics(server);
    return m.yuheng_gate_connections === 0 && m.yuheng_monitor_position === m.yuheng_log_records;
}, { deadline: 60_000, what: 'every connection is closed and every record read' });

async function finish(dir, server) {
    const from = performance.now();
    await server.stop();
    assert.ok(performance.now() - from < 10_000, 'the server ends in time');
    assert.doesNotMatch(server.log(), /ERROR/);
    const verified = yuheng(['log', 'verify', '--data', dir]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    const rebuilt = yuheng(['rebuild', '--check', '--data', dir]);
    assert.equal(rebuilt.status, 0, rebuilt.stdout + rebuilt.stderr);
}

const attacks = {
    async 'two thousand connections with half a frame each, then gone'({ server, mn }) {
        const half = frame({ qn: newQn(), mn, cp: 'DataTime=20260101000000' }).subarray(0, 60);
        const sockets = [];
        for (let i = 0; i < 2000; i += 100)
            sockets.push(...await Promise.all(Array.from({ length: 100 }, () => open(server.gate))));
        await Promise.all(sockets.map((s) => drained(s, half)));
        await waitUntil(async () => (await metrics(server)).yuheng_gate_connections >= 2000, { deadline: 20_000, what: '2000 connections' });
        sockets.forEach((s, i) => i % 2 ? s.resetAndDestroy() : s.destroy());
    },
    async 'a storm of connects and resets'({ server }) {
        for (let i = 0; i < 40; i++) {
            const sockets = await Promise.all(Array.from({ length: 75 }, () => open(server.gate)));
            sockets.forEach((s, k) => k % 3 ? s.resetAndDestroy() : s.end());
        }
    },
    async 'junk and starts of frames'({ server }) {
        const noise = randomBytes(MIB / 4);
        const starts = Buffer.from('##0'.repeat(MIB / 16));
        const heads = Buffer.from('##9999'.repeat(MIB / 32));
        const sockets = await Promise.all(Array.from({ length: 12 }, () => open(server.gate)));
        for (let round = 0; round < 4; round++)
            await Promise.all(sockets.map((s, i) => drained(s, [noise, starts, heads][i % 3])));
        sockets.forEach((s) => s.end());
    },
    async 'good frames as fast as they go'({ server }) {
        const sockets = await Promise.all(Array.from({ length: 20 }, () => open(server.gate)));
        const many = sockets.map((_, i) => Buffer.concat(Array.from({ length: 2000 }, () =>
            frame({ qn: newQn(), mn: `FLOOD${i}`, cp: 'DataTime=20260101000000;w01018-Rtd=1.0', flag: 4 }))));
        for (let round = 0; round < 8; round++) await Promise.all(sockets.map((s, i) => drained(s, many[i])));
        sockets.forEach((s) => s.end());
        await Promise.all(sockets.map((s) => new Promise((done) => s.once('close', done))));
    },
    async 'one byte at a time'({ server }) {
        const sockets = await Promise.all(Array.from({ length: 50 }, () => open(server.gate)));
        const frames = sockets.map((_, i) => frame({ qn: newQn(), mn: `SLOW${i}`, cp: 'DataTime=20260101000000;w01018-Rtd=1.0' }));
        for (let at = 0; at < 120; at++)
            await Promise.all(sockets.map((s, i) => drained(s, frames[i].subarray(at, at + 1))));
        sockets.forEach((s, i) => s.end(frames[i].subarray(120)));
    },
    async 'twenty-five thousand senders nobody knows'({ server }) {
        const sockets = await Promise.all(Array.from({ length: 10 }, () => open(server.gate)));
        for (let round = 0; round < 25; round++)
            await Promise.all(sockets.map((s, i) => drained(s, Buffer.concat(Array.from({ length: 100 }, (_, k) =>
                frame({ qn: newQn(), mn: `U${round}.${i}.${k}`, cp: 'DataTime=20260101000000;w01018-Rtd=1.0', flag: 4 }))))));
        sockets.forEach((s) => s.end());
    },
};

test('crowds and floods do not reach the good station', { timeout: 180_000 }, async (t) => {
    const { dir, server, client, mn } = await start(t);
    const before = rss(server);
    for (const [name, attack] of Object.entries(attacks)) {
        const stop = watch(server, mn);
        const from = performance.now();
        await attack({ server, mn });
        const w = await stop();
        t.diagnostic(`${name}: ${Math.round(performance.now() - from)} ms, ${w.answers} answers, slowest ${Math.round(w.slowest)} ms, ` +
            `healthz ${Math.round(w.healthSlowest)} ms, ${Math.round(rss(server) / MIB)} MiB`);
        assert.ok(w.answers > 0 && w.healthSlowest < 2000, `${name}: /healthz took ${w.healthSlowest} ms`);
        await untilAlone(server);
    }
    const after = rss(server);
    t.diagnostic(`memory ${Math.round(before / MIB)} → ${Math.round(after / MIB)} MiB`);
    assert.ok(after - before < 128 * MIB, `memory grew from ${before} to ${after}`);
    const overview = await client.get('/api/v1/overview');
    assert.ok(overview.stations.unknown_mn <= 10_000);
    await finish(dir, server);
});

test('peers that never read are held, then closed, and lose nothing that was taken', { timeout: 120_000 }, async (t) => {
    const { dir, server, mn } = await start(t);
    const before = rss(server);
    const stop = watch(server, mn);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open(server.gate)));
    sockets.forEach((s) => s.pause());
    let taken = 0;
    const floods = sockets.map(async (s, i) => {
        let closed = false;
        s.once('close', () => { closed = true; });
        const many = Buffer.concat(Array.from({ length: 500 }, (_, k) => frame({
            qn: newQn(), mn: `DEAF${i}`, cp: `DataTime=${stamp(Date.UTC(2026, 0, 1) + k * 1000, 14)};w01018-Rtd=1.0` })));
        while (!closed) {
            await drained(s, many);
            taken += 500;
        }
    });
    const peak = await waitUntil(async () => (await metrics(server)).yuheng_gate_paused >= 20 && rss(server), { deadline: 60_000, what: 'all twenty are held' });
    t.diagnostic(`held after ${taken} frames at ${Math.round(peak / MIB)} MiB`);
    assert.ok(peak - before < 128 * MIB, `memory grew from ${before} to ${peak}`);
    await Promise.all(floods);
    const w = await stop();
    t.diagnostic(`closed; slowest ${Math.round(w.slowest)} ms, healthz ${Math.round(w.healthSlowest)} ms`);
    assert.ok(w.healthSlowest < 2000);
    await untilAlone(server);
    await finish(dir, server);
});
