// SIGTERM under load and SIGKILL in the middle of deriving: what was answered is kept, and derived data converge.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Logger, frame, newQn, stamp } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { captures, demoInit, startServer, tempDir, yuheng, yuhengOk } from '../api/lib/yuheng.mjs';

const ROUNDS = 8;
const seed = Number(process.env.TORTURE_SEED ?? Date.now() % 1_000_000);
let state = seed;
function random(n) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
}

async function signedIn(server, accounts) {
    const client = new Client(server.url);
    const admin = accounts.find((a) => a.role === 'admin');
    await client.signIn(admin.username, admin.password);
    return client;
}

let moment = Date.UTC(2026, 0, 1);

async function sendUntilCut(gate, mn, acked, enough) {
    const logger = await Logger.open(gate);
    const lane = async () => {
        for (;;) {
            const qn = newQn();
            await logger.send(frame({ qn, mn, cp: `DataTime=${stamp(moment += 1000, 14)};w01018-Rtd=1.0,w01018-Flag=N` }), 60_000);
            acked.add(qn);
            enough();
        }
    };
    await Promise.allSettled(Array.from({ length: 32 }, lane));
    logger.socket.destroy();
}

function checkKept(dir, acked) {
    const verified = yuheng(['log', 'verify', '--data', dir]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    const copies = new Map();
    for (const [, qn] of yuhengOk(['log', 'export', '--data', dir]).matchAll(/QN=(\d+)/g)) copies.set(qn, (copies.get(qn) ?? 0) + 1);
    assert.deepEqual([...acked].filter((qn) => copies.get(qn) !== 1), [], 'answered and not exactly once in the log');
    const rebuilt = yuheng(['rebuild', '--check', '--data', dir]);
    assert.equal(rebuilt.status, 0, rebuilt.stdout + rebuilt.stderr);
}

test('SIGTERM under load: every answered frame is kept, the end is clean and soon', { timeout: 120_000 }, async (t) => {
    t.diagnostic(`TORTURE_SEED=${seed}`);
    const dir = tempDir();
    const { accounts } = demoInit(dir);
    const acked = new Set();
    for (let round = 0; round < 4; round++) {
        const server = await startServer(t, { dir });
        const client = await signedIn(server, accounts);
        const mns = (await client.get('/api/v1/stations?limit=4')).items.map((s) => s.mn).concat(`NEW${round}`);
        const goal = acked.size + 200 + random(3000);
        let reached;
        const full = new Promise((done) => { reached = done; });
        const clients = mns.map((mn) => sendUntilCut(server.gate, mn, acked, () => acked.size >= goal && reached()));
        await full;
        const from = performance.now();
        await server.stop();
        assert.ok(performance.now() - from < 10_000, 'the server ends in time');
        await Promise.all(clients);
    }
    t.diagnostic(`${acked.size} answered`);
    checkKept(dir, acked);
});

const toDerive = async (server) => Number(/^yuheng_monitor_stations_to_derive (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())[1]);

test('SIGKILL while stations are derived again: the next start ends the work', { timeout: 180_000 }, async (t) => {
    t.diagnostic(`TORTURE_SEED=${seed}`);
    const dir = tempDir();
    const { accounts } = demoInit(dir);
    let server = await startServer(t, { dir });
    yuhengOk(['replay', '--gate', `${server.gate.host}:${server.gate.port}`, '--max', '--ask-ack', ...captures]);
    let client = await signedIn(server, accounts);
    const mns = (await client.all('/api/v1/stations')).map((s) => s.mn);
    let interrupted = 0;
    for (let round = 0; round < ROUNDS; round++) {
        const changes = Array.from({ length: 5 }, () => {
            const mn = mns[random(mns.length)];
            return client.request('PATCH', `/api/v1/stations/${mn}/profile`, { password: round % 2 ? null : '000000' }).catch(() => {});
        });
        const wanted = random(6);
        let done = 0;
        changes.forEach((c) => c.then(() => { done++; }));
        await waitUntil(() => done >= wanted, { every: 1, what: `${wanted} changes` });
        await server.kill();
        await Promise.all(changes);
        server = await startServer(t, { dir });
        interrupted += await toDerive(server) > 0;
        client = await signedIn(server, accounts);
    }
    t.diagnostic(`${interrupted} of ${ROUNDS} starts found work left`);
    await waitUntil(async () => await toDerive(server) === 0, { deadline: 30_000, what: 'nothing is left to derive' });
    await server.stop();
    checkKept(dir, new Set());
});
