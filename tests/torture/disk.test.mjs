// A full disk: nothing is acknowledged that is not kept, everybody waits, and all goes on by itself when space returns.
// Needs to mount small file systems: left out without that right.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Logger, frame, newQn } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { health, metrics, sendMany } from './lib/kept.mjs';
import { ordeal } from './lib/ordeal.mjs';

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

ordeal('a full disk stops the answers, not the connections, and is over when it is over', {
    prepare: (t, dir) => mountSmall(t, dir, 24),
}, async (t, o) => {
    const { dir, acked, server, client } = o;
    const [a, b] = o.mns;
    const { clock_policy: policy } = (await client.get(`/api/v1/stations/${a}`)).profile;
    const other = policy === 'flag' ? 'accept' : 'flag';
    const loggers = [await Logger.open(server.gate), await Logger.open(server.gate)];
    await Promise.all(loggers.map((l, i) => sendMany(l, [a, b][i], 200, acked)));

    const before = acked.size;
    const free = fill(dir);
    const sending = [sendMany(loggers[0], a, 5000, acked), sendMany(loggers[1], b, 100, acked)];
    const ill = await waitUntil(async () => { const h = await health(server); return h.status === 503 && h; }, { deadline: 30_000, what: 'health says 503' });
    assert.notEqual(ill.cause, null);
    assert.equal((await metrics(server)).yuheng_log_healthy, 0);
    const stuck = acked.size;
    await waitUntil(() => metrics(server).then((m) => m.yuheng_gate_paused >= 1), { what: 'a logger waits' });
    await client.get('/api/v1/overview');
    await client.problem('PATCH', `/api/v1/stations/${a}/profile`, { clock_policy: other }, 503);
    assert.equal((await client.get(`/api/v1/stations/${a}`)).profile.clock_policy, policy);
    assert.equal(acked.size, stuck, 'nothing is acknowledged meanwhile');
    assert.equal((await metrics(server)).yuheng_gate_connections, 2, 'nobody is cut off');

    free();
    await Promise.all(sending);
    await waitUntil(async () => (await health(server)).status === 200, { deadline: 30_000, what: 'health is good again' });
    assert.equal(acked.size, before + 5100);
    await client.ok('PATCH', `/api/v1/stations/${a}/profile`, { clock_policy: other });

    const again = fill(dir);
    const lost = sendMany(loggers[1], b, 100, acked);
    await waitUntil(async () => (await health(server)).status === 503, { deadline: 30_000, what: 'health says 503 again' });
    lost.catch(() => {});
    await o.kill();
    again();
    await Promise.allSettled([lost]);
});

ordeal('full databases beside a log that has room: frames are answered, values come when they can', {
    prepare: (t, dir) => mountSmall(t, dir, 8) && mountSmall(t, join(dir, 'log'), 64), warm: 2000,
}, async (t, o) => {
    const { dir, acked, server, client } = o;
    const mn = o.mns[1], before = acked.size;
    const logger = await Logger.open(server.gate);
    await sendMany(logger, mn, 10, acked);

    const free = fill(dir);
    await sendMany(logger, mn, 2000, acked);
    logger.write(frame({ qn: newQn(), mn: 'NEWCOMER1', cn: '9021', flag: 4 }));
    await sendMany(logger, mn, 10, acked);
    const series = `/api/v1/stations/${mn}/series?factor=w01018&from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z`;
    await waitUntil(async () => (await client.get(series)).points.length === acked.size - before, { what: 'the values are read from memory' });
    await client.get('/api/v1/overview');
    const refused = await client.request('PATCH', `/api/v1/stations/${mn}/profile`, { clock_policy: 'accept' });
    assert.ok(refused.status >= 500, `a change that cannot be stored is refused: ${refused.status}`);
    await waitUntil(async () => (await health(server)).status === 503, { deadline: 60_000, what: 'health tells of the databases' });
    await sendMany(logger, mn, 10, acked);

    free();
    await waitUntil(async () => (await health(server)).status === 200, { deadline: 30_000, what: 'health is good again' });
    await client.ok('PATCH', `/api/v1/stations/${mn}/profile`, { clock_policy: 'accept' });
    await waitUntil(async () => (await client.get('/api/v1/stations/unknown')).items.some((u) => u.mn === 'NEWCOMER1'), { what: 'the newcomer is listed' });
    await waitUntil(async () => (await client.get(series)).points.length === acked.size - before, { what: 'all values after the change' });
    await logger.close();
});
