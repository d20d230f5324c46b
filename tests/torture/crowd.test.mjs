// Idle stations by the ten thousand: 20,000 connections, or as many as the descriptors of this machine allow, each of
// which has sent one frame. A good station is answered all the while, /healthz too, and the memory comes back.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Logger } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { demoInit, startServer, tempDir } from '../api/lib/yuheng.mjs';
import { checkKept, health, metrics, rss, sendMany, signedIn } from './lib/kept.mjs';

const WANTED = Number(process.env.TORTURE_CROWD ?? 20_000), WORTH_IT = 2000, SPARE = 200;
const KIB = 1024;

// What `ulimit -n` may be raised to here.
const hardLimit = () => {
    const text = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim();
    return text === 'unlimited' ? Infinity : Number(text);
};

// Clients in processes of their own: they need as many descriptors as the server. `release()` closes all at once.
async function crowd(gate, n, per_process) {
    const helper = fileURLToPath(new URL('./lib/crowd.mjs', import.meta.url));
    const parts = Array.from({ length: Math.ceil(n / per_process) }, (_, i) => Math.min(per_process, n - i * per_process));
    const children = await Promise.all(parts.map((count, i) => new Promise((done, fail) => {
        const child = spawn('sh', ['-c', 'ulimit -n $(ulimit -Hn); exec "$0" "$@"', process.execPath, helper, gate.host, gate.port, count, i], { stdio: ['pipe', 'pipe', 'inherit'] });
        child.stdout.once('data', () => done(child));
        child.once('exit', (code) => fail(new Error(`the crowd left with ${code}`)));
        child.once('error', fail);
    })));
    return { release: () => Promise.all(children.map((c) => new Promise((done) => { c.removeAllListeners('exit'); c.once('exit', done); c.stdin.end(); }))) };
}

test('idle connections cost little and go without a trace', { timeout: 300_000 }, async (t) => {
    const limit = hardLimit(), n = Math.min(WANTED, Math.floor(limit / 2) - 1);
    if (n < WORTH_IT) return t.skip(`only ${limit} descriptors`);
    const dir = tempDir();
    const { accounts } = demoInit(dir);
    const server = await startServer(t, { dir, files: limit === Infinity ? 2 * WANTED + SPARE : limit });
    const client = await signedIn(server, accounts);
    const mn = (await client.get('/api/v1/stations?limit=1')).items[0].mn;
    const acked = new Set();
    const logger = await Logger.open(server.gate);
    const alone = async () => waitUntil(async () => {
        const m = await metrics(server);
        return m.yuheng_gate_connections === 1 && m.yuheng_monitor_position === m.yuheng_log_records;
    }, { deadline: 60_000, what: 'only the good station is left' });

    const after = [];
    for (let round = 0; round < 3; round++) { // the first makes the allocator's rooms
        await sendMany(logger, mn, 100, acked);
        const before = rss(server), begun = performance.now();
        const { release } = await crowd(server.gate, n - 1, 5000);
        await waitUntil(async () => (await metrics(server)).yuheng_gate_connections === n, { deadline: 60_000, what: `${n} connections` });
        const full = rss(server);
        let slowest = 0;
        for (let i = 0; i < 20; i++) {
            const from = performance.now();
            assert.equal((await health(server)).status, 200);
            slowest = Math.max(slowest, performance.now() - from);
            await sendMany(logger, mn, 10, acked);
        }
        assert.ok(slowest < 2000, `/healthz took ${slowest} ms`);
        await release();
        await alone();
        await sendMany(logger, mn, 100, acked);
        after.push(rss(server));
        t.diagnostic(`${n} connections in ${Math.round(performance.now() - begun)} ms, ${Math.round(full / KIB / KIB)} MiB, ` +
            `${((full - before) / n / KIB).toFixed(1)} KiB each, /healthz ${Math.round(slowest)} ms, afterwards ${Math.round(after.at(-1) / KIB / KIB)} MiB`);
    }
    if (n < WANTED) t.diagnostic(`${limit} descriptors allow ${n} of ${WANTED} connections here`);
    assert.ok(after[2] <= after[0] * 1.1, `memory is back within 10 %: ${after}`);
    await logger.close();
    await server.stop();
    checkKept(dir, acked);
});
