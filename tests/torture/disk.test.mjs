// A full disk: nothing is acknowledged that is not kept, everybody waits, and all goes on by itself when space returns.
// Needs to mount small file systems: left out without that right.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { Logger, frame, newQn, stamp } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { demoInit, startServer, tempDir, yuheng, yuhengOk } from '../api/lib/yuheng.mjs';

// A file system of its own at `dir`, taken away when the test ends; false when this user may not mount.
function mountSmall(t, dir, mib) {
    mkdirSync(dir, { recursive: true });
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'yuheng-test', dir]).status !== 0) return false;
    t.after(() => spawnSync('umount', ['-l', dir]));
    return true;
}

// Takes the last byte; the returned function gives the space back.
function fill(dir) {
    const path = join(dir, 'filler');
    const fd = openSync(path, 'w');
    for (let size = 1 << 20; size >= 1;) {
        try {
            if (writeSync(fd, Buffer.alloc(size)) < size) size >>= 1;
        } catch (error) {
            if (error.code !== 'ENOSPC') throw error;
            size >>= 1;
        }
    }
    closeSync(fd);
    return () => rmSync(path);
}

async function signedIn(server, accounts) {
    const client = new Client(server.url);
    const admin = accounts.find((a) => a.role === 'admin');
    await client.signIn(admin.username, admin.password);
    return client;
}

async function health(server) {
    const r = await fetch(`${server.url}/healthz`);
    return { ...await r.json(), status: r.status };
}

const metric = async (server, name) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await fetch(`${server.url}/metrics`)).text())[1]);

let moment = Date.UTC(2026, 0, 1);
const nextFrame = (mn) => frame({ qn: newQn(), mn, cp: `DataTime=${stamp(moment += 1000, 14)};w01018-Rtd=1.0,w01018-Flag=N` });
const qnOf = (bytes) => /QN=(\d+)/.exec(bytes.toString('latin1'))[1];

// Sends `n` frames at once; what is answered goes to `acked`.
const sendMany = (logger, mn, n, acked) => Promise.all(Array.from({ length: n }, async () => {
    const bytes = nextFrame(mn);
    await logger.send(bytes, 60_000);
    acked.add(qnOf(bytes));
}));

function checkKept(dir, acked) {
    const verified = yuheng(['log', 'verify', '--data', dir]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    const copies = new Map();
    for (const [, qn] of yuhengOk(['log', 'export', '--data', dir]).matchAll(/QN=(\d+)/g)) copies.set(qn, (copies.get(qn) ?? 0) + 1);
    assert.deepEqual([...acked].filter((qn) => copies.get(qn) !== 1), [], 'acknowledged and not exactly once in the log');
    const rebuilt = yuheng(['rebuild', '--check', '--data', dir]);
    assert.equal(rebuilt.status, 0, rebuilt.stdout + rebuilt.stderr);
}

test('a full disk stops the answers, not the connections, and is over when it is over', { timeout: 180_000 }, async (t) => {
    const dir = tempDir();
    if (!mountSmall(t, dir, 24)) return t.skip('may not mount');
    const { accounts } = demoInit(dir);
    const acked = new Set();
    let server = await startServer(t, { dir });
    let client = await signedIn(server, accounts);
    const [a, b] = (await client.get('/api/v1/stations')).items.map((s) => s.mn);
    const { clock_policy: policy } = (await client.get(`/api/v1/stations/${a}`)).profile;
    const other = policy === 'flag' ? 'accept' : 'flag';
    const loggers = [await Logger.open(server.gate), await Logger.open(server.gate)];
    await Promise.all(loggers.map((l, i) => sendMany(l, [a, b][i], 200, acked)));

    const free = fill(dir);
    const sending = [sendMany(loggers[0], a, 5000, acked), sendMany(loggers[1], b, 100, acked)];
    const ill = await waitUntil(async () => { const h = await health(server); return h.status === 503 && h; }, { deadline: 30_000, what: 'health says 503' });
    assert.notEqual(ill.cause, null);
    assert.equal(await metric(server, 'yuheng_log_healthy'), 0);
    const stuck = acked.size;
    await waitUntil(() => metric(server, 'yuheng_gate_paused').then((n) => n >= 1), { what: 'a logger waits' });
    await client.get('/api/v1/overview');
    await client.problem('PATCH', `/api/v1/stations/${a}/profile`, { clock_policy: other }, 503);
    assert.equal((await client.get(`/api/v1/stations/${a}`)).profile.clock_policy, policy);
    assert.equal(acked.size, stuck, 'nothing is acknowledged meanwhile');
    assert.equal(await metric(server, 'yuheng_gate_connections'), 2, 'nobody is cut off');

    free();
    await Promise.all(sending);
    await waitUntil(async () => (await health(server)).status === 200, { deadline: 30_000, what: 'health is good again' });
    assert.equal(acked.size, 5500);
    await client.ok('PATCH', `/api/v1/stations/${a}/profile`, { clock_policy: other });

    const again = fill(dir);
    const lost = sendMany(loggers[1], b, 100, acked);
    await waitUntil(async () => (await health(server)).status === 503, { deadline: 30_000, what: 'health says 503 again' });
    lost.catch(() => {});
    await server.kill();
    again();
    await Promise.allSettled([lost]);
    server = await startServer(t, { dir });
    await server.stop();
    checkKept(dir, acked);
});

test('full databases beside a log that has room: frames are answered, values come when they can', { timeout: 180_000 }, async (t) => {
    const dir = tempDir();
    if (!mountSmall(t, dir, 8)) return t.skip('may not mount');
    mountSmall(t, join(dir, 'log'), 64);
    const { accounts } = demoInit(dir);
    const acked = new Set();
    const server = await startServer(t, { dir });
    const client = await signedIn(server, accounts);
    const [mn] = (await client.get('/api/v1/stations')).items.map((s) => s.mn);
    const logger = await Logger.open(server.gate);
    await sendMany(logger, mn, 10, acked);

    const free = fill(dir);
    await sendMany(logger, mn, 2000, acked);
    logger.write(frame({ qn: newQn(), mn: 'NEWCOMER1', cn: '9021', flag: 4 }));
    await sendMany(logger, mn, 10, acked);
    const series = `/api/v1/stations/${mn}/series?factor=w01018&from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z`;
    await waitUntil(async () => (await client.get(series)).points.length === acked.size, { what: 'the values are read from memory' });
    await client.get('/api/v1/overview');
    const refused = await client.request('PATCH', `/api/v1/stations/${mn}/profile`, { clock_policy: 'accept' });
    assert.ok(refused.status >= 500, `a change that cannot be stored is refused: ${refused.status}`);
    await waitUntil(async () => (await health(server)).status === 503, { deadline: 60_000, what: 'health tells of the databases' });
    await sendMany(logger, mn, 10, acked);

    free();
    await waitUntil(async () => (await health(server)).status === 200, { deadline: 30_000, what: 'health is good again' });
    await client.ok('PATCH', `/api/v1/stations/${mn}/profile`, { clock_policy: 'accept' });
    await waitUntil(async () => (await client.get('/api/v1/stations/unknown')).items.some((u) => u.mn === 'NEWCOMER1'), { what: 'the newcomer is listed' });
    await waitUntil(async () => (await client.get(series)).points.length === acked.size, { what: 'all values after the change' });
    await logger.close();
    await server.stop();
    checkKept(dir, acked);
});
