// Idle stations by the ten thousand: 20,000 connections, or as many as the descriptors of this machine allow, each from
// an address of its own, each of which has sent one frame. The next logger is let in, a good station is answered all the
// while, /healthz too, and one more than allowed is turned away. Memory per connection is bounded and comes back.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Logger } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { health, metrics, sendMany } from './lib/kept.mjs';
import { HEALTH_MS, MIB, memory, ordeal, untilAlone } from './lib/ordeal.mjs';
import { open } from './lib/peers.mjs';

const WANTED = Number(process.env.TORTURE_CROWD ?? 20_000), WORTH_IT = 6000, PROCESS = 5000;
const CONNECTION_MAX = 1024; // bytes of memory that an idle one may cost

// What `ulimit -n` may be raised to here.
const hardLimit = () => {
    const text = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim();
    return text === 'unlimited' ? Infinity : Number(text);
};

// Clients in processes of their own: they need as many descriptors as the server. `release()` closes all at once.
async function crowd(gate, n) {
    const helper = fileURLToPath(new URL('./lib/crowd.mjs', import.meta.url));
    const parts = Array.from({ length: Math.ceil(n / PROCESS) }, (_, i) => Math.min(PROCESS, n - i * PROCESS));
    const children = await Promise.all(parts.map((count, i) => new Promise((done, fail) => {
        const child = spawn('sh', ['-c', 'ulimit -n $(ulimit -Hn); exec "$0" "$@"', process.execPath, helper, gate.host, gate.port, count, i], { stdio: ['pipe', 'pipe', 'inherit'] });
        child.stdout.once('data', () => done(child));
        child.once('exit', (code) => fail(new Error(`the crowd left with ${code}`)));
        child.once('error', fail);
    })));
    return { release: () => Promise.all(children.map((c) => new Promise((done) => { c.removeAllListeners('exit'); c.once('exit', done); c.stdin.end(); }))) };
}

// A connection that the gate closes at once.
const turnedAway = async (gate) => {
    const socket = await open(gate);
    return new Promise((done) => socket.once('close', () => done(true)));
};

ordeal('idle connections cost little and go without a trace', {
    timeout: 300_000, warm: 20_000, files: Math.min(hardLimit(), 2 * WANTED), prepare: () => hardLimit() >= WORTH_IT,
}, async (t, o) => {
    const { server, acked } = o, mn = o.mns[0];
    const most = (await metrics(server)).yuheng_gate_connections_max, n = Math.min(WANTED, most) - 2; // the good one and the next
    assert.ok(n >= Math.min(WANTED, hardLimit() - 1300) - 2, `${most} of ${hardLimit()} descriptors for loggers`);
    for (let round = 0; round < 3; round++) {
        const { before } = o, logger = await Logger.open(server.gate);
        const begun = performance.now();
        const { release } = await crowd(server.gate, n);
        await waitUntil(async () => { const m = await metrics(server); return m.yuheng_gate_connections === n + 1 && m.yuheng_monitor_position === m.yuheng_log_records; },
            { deadline: 60_000, what: `${n + 1} connections` });
        const each = (memory(server) - before) / n;
        const next = await Logger.open(server.gate);
        await sendMany(next, o.mns[1], 10, acked);
        if (n + 2 === most) assert.ok(await turnedAway(server.gate), 'one more than allowed is closed');
        let slowest = 0;
        for (let i = 0; i < 20; i++) {
            const from = performance.now();
            assert.equal((await health(server)).status, 200);
            slowest = Math.max(slowest, performance.now() - from);
            await sendMany(logger, mn, 10, acked);
        }
        t.diagnostic(`${n + 2} connections after ${Math.round(performance.now() - begun)} ms, ${Math.round(memory(server) / MIB)} MiB, ` +
            `${Math.round(each)} bytes each, /healthz ${Math.round(slowest)} ms`);
        assert.ok(slowest < HEALTH_MS, `/healthz took ${slowest} ms`);
        assert.ok(each <= CONNECTION_MAX, `${each} bytes for an idle connection`);
        await next.close();
        await release();
        await logger.close();
        await untilAlone(server);
        // The book of addresses and the table of descriptors have their place once it was needed.
        if (round === 0) assert.ok(await o.measure() < before + 4 * MIB, `${o.before - before} bytes stayed`);
    }
    if (n + 2 < WANTED) t.diagnostic(`${hardLimit()} descriptors allow ${n + 2} of ${WANTED} connections here`);
});
