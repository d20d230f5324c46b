// Ill-treatment of the gate: crowds, storms, floods, peers that do not read. A good station is answered all the while,
// /healthz answers, memory stays bounded and comes back, and the log is in order at the end.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Logger, frame, newQn, stamp } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { health, metrics, nextFrame } from './lib/kept.mjs';
import { HEALTH_MS, MIB, memory, ordeal, untilAlone } from './lib/ordeal.mjs';
import { drained, open } from './lib/peers.mjs';

// The good station and the health page, asked all the time until stop(): the slowest answers in ms.
function watch({ server, mns: [mn], acked }) {
    let running = true, slowest = 0, healthSlowest = 0, answers = 0;
    const sends = (async () => {
        const logger = await Logger.open(server.gate);
        for (; running; answers++) {
            const from = performance.now(), f = nextFrame(mn);
            await logger.send(f.bytes);
            acked.add(f.qn);
            slowest = Math.max(slowest, performance.now() - from);
        }
        await logger.close();
    })();
    const asks = (async () => {
        while (running) {
            const from = performance.now();
            assert.equal((await health(server)).status, 200);
            healthSlowest = Math.max(healthSlowest, performance.now() - from);
        }
    })();
    return async () => {
        running = false;
        await Promise.all([sends, asks]);
        return { slowest, healthSlowest, answers };
    };
}

const attacks = {
    async 'two thousand connections with half a frame each, then gone'({ server, mns: [mn] }) {
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

ordeal('crowds and floods do not reach the good station', { timeout: 300_000 }, async (t, o) => {
    const { server, client, before } = o;
    for (const round of [1, 2]) { // the first fills tables that are bounded and stay filled, as that of unknown senders
        for (const [name, attack] of Object.entries(attacks)) {
            const stop = watch(o);
            const from = performance.now();
            await attack(o);
            const w = await stop();
            t.diagnostic(`${name}: ${Math.round(performance.now() - from)} ms, ${w.answers} answers, slowest ${Math.round(w.slowest)} ms, ` +
                `healthz ${Math.round(w.healthSlowest)} ms, ${Math.round(memory(server) / MIB)} MiB`);
            assert.ok(w.answers > 0 && w.healthSlowest < HEALTH_MS, `${name}: /healthz took ${w.healthSlowest} ms`);
            await untilAlone(server);
        }
        if (round === 1) assert.ok(await o.measure() < before + 64 * MIB, `the tables took ${o.before - before} bytes`);
    }
    const overview = await client.get('/api/v1/overview');
    assert.ok(overview.stations.unknown_mn <= 10_000);
    assert.doesNotMatch(server.log(), /ERROR/);
});

ordeal('two thousand peers that vanish in the middle of a frame are cut, then closed by the server itself', {
    conf: { partial: 1, idle: 4 },
}, async (t, o) => {
    const { server } = o, watching = watch(o);
    const sockets = [];
    for (let i = 0; i < 2000; i += 100)
        sockets.push(...await Promise.all(Array.from({ length: 100 }, () => open(server.gate))));
    const closed = sockets.map((s) => new Promise((done) => s.once('close', done)));
    await Promise.all(sockets.map((s, i) => drained(s, frame({ qn: newQn(), mn: `GONE${i}`, cp: 'DataTime=20260101000000' }).subarray(0, 60))));
    await Promise.all(closed); // by the server: this end is silent and keeps its side open
    const w = await watching();
    const text = await (await fetch(`${server.url}/metrics`)).text();
    assert.equal(Number(/^yuheng_gate_cut_total\{cause="late"\} (\d+)$/m.exec(text)[1]), 2000);
    assert.equal(Number(/^yuheng_gate_closed_total\{cause="idle"\} (\d+)$/m.exec(text)[1]), 2000);
    assert.ok((await metrics(server)).yuheng_gate_junk_total >= 2000, 'the halves are in the log');
    t.diagnostic(`${w.answers} answers, slowest ${Math.round(w.slowest)} ms, healthz ${Math.round(w.healthSlowest)} ms`);
    assert.ok(w.healthSlowest < HEALTH_MS);
});

// Twenty peers that send and never read, until the gate has closed them all.
async function neverRead(t, o) {
    const { server, before } = o;
    const stop = watch(o);
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
    const peak = await waitUntil(async () => (await metrics(server)).yuheng_gate_paused >= 20 && memory(server), { deadline: 60_000, what: 'all twenty are held' });
    t.diagnostic(`held after ${taken} frames at ${Math.round(peak / MIB)} MiB`);
    assert.ok(peak - before < 64 * MIB, `memory grew from ${before} to ${peak}`);
    await Promise.all(floods);
    const w = await stop();
    t.diagnostic(`closed; slowest ${Math.round(w.slowest)} ms, healthz ${Math.round(w.healthSlowest)} ms`);
    assert.ok(w.healthSlowest < HEALTH_MS);
    assert.doesNotMatch(server.log(), /ERROR/);
}

ordeal('peers that never read are held, then closed, and lose nothing that was taken', { timeout: 240_000 }, async (t, o) => {
    const { before } = o;
    await neverRead(t, o);
    await untilAlone(o.server);
    // Twenty senders that nobody knew have their place now.
    assert.ok(await o.measure() < before + 8 * MIB, `${o.before - before} bytes stayed`);
    await neverRead(t, o);
});
