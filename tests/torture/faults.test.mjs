// A disk that fails under a running server: errors, short writes and the sync that loses what it was given, at the log,
// at the series and at the business database. While it lasts nothing is acknowledged that is not kept and /healthz says
// why; afterwards all goes on by itself, and nothing that was answered is missing.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { Logger, frame, newQn } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { startServer } from '../api/lib/yuheng.mjs';
import { chance, health, metrics, nextFrame, sendMany } from './lib/kept.mjs';
import { ordeal } from './lib/ordeal.mjs';
import { Shim } from './lib/shim.mjs';

async function start(o) {
    const { server, mns } = o, logger = await Logger.open(server.gate);
    const s = Object.assign(o, { logger });
    s.send = (n, mn = mns[1]) => sendMany(logger, mn, n, s.acked);
    s.untilHealth = (status) => waitUntil(async () => { const h = await health(server); return h.status === status && h; },
        { deadline: 60_000, what: `/healthz says ${status}` });
    s.untilRead = () => waitUntil(async () => { const m = await metrics(server); return m.yuheng_monitor_position === m.yuheng_log_records; },
        { deadline: 60_000, what: 'every record is read' });
    s.finish = async () => {
        await s.untilHealth(200);
        await s.untilRead();
        await logger.close();
    };
    await s.send(50);
    return s;
}

// Most of the time is spent in waiting for the next attempt: several servers wait together.
describe('a disk that fails', { concurrency: 5 }, () => {

// The log's disk fails until it is repaired.
for (const [what, rule] of Object.entries({
    'writing fails': { path: '.seg', calls: ['write'] },
    'syncing fails': { path: '.seg', calls: ['sync'] },
    'syncing loses what was written': { path: '.seg', calls: ['sync'], effect: 'drop' },
    'the disk is full': { path: '.seg', calls: ['write'], errno: 'ENOSPC' },
    'the tree cannot be written': { path: '/log/tree', calls: ['write', 'truncate'] },
})) ordeal(`the log: ${what}`, { shim: { undo: rule.effect === 'drop' } }, async (t, o) => {
    const s = await start(o);
    const before = s.acked.size;
    const fault = s.shim.arm(rule);
    const sending = s.send(300);
    const ill = await s.untilHealth(503);
    assert.equal(ill.status, 503);
    assert.match(ill.cause, /cannot|error|space/i);
    await waitUntil(() => fault.hits() >= 3, { deadline: 30_000, what: 'it was tried again and failed again' });
    assert.equal(s.acked.size, before, 'nothing is acknowledged meanwhile');
    await s.client.get('/api/v1/overview');
    fault.disarm();
    await sending;
    await s.send(50);
    assert.equal(s.acked.size, before + 350);
    await s.finish();
});

ordeal('the log: killed while syncs lie', { shim: { undo: true } }, async (t, o) => {
    const s = await start(o);
    s.shim.arm({ path: '.seg', calls: ['sync'], effect: 'drop', skip: 3 });
    const sending = Promise.allSettled(Array.from({ length: 40 }, async () => {
        const lane = await Logger.open(s.server.gate);
        for (let i = 0; i < 20; i++) await sendMany(lane, s.mns[0], 1, s.acked);
    }));
    await s.untilHealth(503);
    await s.kill();
    await sending;
});

ordeal('the log: records that cannot be read', { shim: {} }, async (t, o) => {
    const s = await start(o);
    const fault = s.shim.arm({ path: '.seg', calls: ['read'] });
    await s.send(20); // answers need no reading
    const newest = `/api/v1/frames/${(await metrics(s.server)).yuheng_log_records - 1}`;
    const refused = await s.client.request('GET', newest);
    assert.ok(refused.status >= 500, `a page that cannot be read is refused: ${refused.status}`);
    assert.match((await s.untilHealth(503)).cause, /cannot read|error/i);
    fault.disarm();
    await s.untilHealth(200);
    await s.client.get(newest);
    await s.finish();
});

for (const [what, rule] of Object.entries({
    'writing fails': { path: '/series.db', calls: ['write'] },
    'syncing fails': { path: '/series.db', calls: ['sync'] },
})) ordeal(`the series: ${what}`, { shim: {} }, async (t, o) => {
    const s = await start(o), before = s.acked.size - 50;
    await s.untilRead();
    const fault = s.shim.arm(rule);
    await s.send(200); // the log has room: everybody is answered
    // A changed profile makes the worker derive the station again and so use the disk at once.
    const change = await s.client.request('PATCH', `/api/v1/stations/${s.mns[1]}/profile`, { password: null });
    assert.equal(change.status, 200, JSON.stringify(change.body));
    assert.match((await s.untilHealth(503)).cause, /I\/O|error|cannot/i);
    await waitUntil(() => fault.hits() >= 2, { what: 'it was tried again' });
    await s.send(20);
    fault.disarm();
    await s.untilHealth(200);
    const series = `/api/v1/stations/${s.mns[1]}/series?factor=w01018&from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z`;
    await waitUntil(async () => (await s.client.get(series)).points.length === s.acked.size - before, { what: 'all values are there' });
    await s.finish();
});

for (const path of ['/series.db', '/yuheng.db', '.seg', '/log/tree', '/log/checkpoints'])
    ordeal(`a start that cannot read ${path} ends and says why; the next one works`, {}, async (t, o) => {
        const { dir } = o;
        await o.stop();
        const shim = new Shim();
        const fault = shim.arm({ path, calls: ['read'] });
        await assert.rejects(startServer(t, { dir, env: shim.env }), (error) => {
            assert.match(error.message, /"code":[12],/);
            assert.match(error.message, /yuheng: serve: .*(read|I\/O|error)/);
            return true;
        });
        assert.ok(fault.hits() >= 1);
        fault.disarm();
        await o.start({ env: shim.env });
    });

ordeal('the business database: a change is kept or refused, and frames do not care', { shim: {} }, async (t, o) => {
    const s = await start(o);
    for (const calls of [['write'], ['sync']]) {
        const profile = `/api/v1/stations/${s.mns[1]}`;
        const { clock_policy: before } = (await s.client.get(profile)).profile;
        const other = before === 'flag' ? 'accept' : 'flag';
        const fault = s.shim.arm({ path: '/yuheng.db', calls });
        const refused = await s.client.request('PATCH', `${profile}/profile`, { clock_policy: other });
        assert.ok(refused.status >= 500, `refused: ${refused.status}`);
        assert.ok(fault.hits() >= 1);
        await s.send(50);
        s.logger.write(frame({ qn: newQn(), mn: `NEW${calls[0]}`, cn: '9021', flag: 4 }));
        fault.disarm();
        assert.equal((await s.client.get(profile)).profile.clock_policy, before, 'what was refused did not happen');
        await s.client.ok('PATCH', `${profile}/profile`, { clock_policy: other });
        assert.equal((await s.client.get(profile)).profile.clock_policy, other);
        await waitUntil(async () => (await s.client.get('/api/v1/stations/unknown')).items.some((u) => u.mn === `NEW${calls[0]}`),
            { what: 'the newcomer is listed' });
    }
    await s.finish();
});

ordeal('short writes and reads anywhere go unnoticed', { shim: {} }, async (t, o) => {
    o.shim.setSeed(chance(t).seed);
    const s = await start(o);
    const fault = s.shim.arm({ path: s.dir, calls: ['write', 'read'], effect: 'short', permille: 300 });
    for (let round = 0; round < 5; round++) {
        await s.send(200);
        await s.client.ok('PATCH', `/api/v1/stations/${s.mns[0]}/profile`, { clock_policy: round % 2 ? 'flag' : 'accept' });
    }
    assert.ok(fault.hits() > 20, `${fault.hits()} short`);
    assert.equal((await health(s.server)).status, 200);
    fault.disarm();
    await s.finish();
});

ordeal('errors at random everywhere, killed in the middle twice', {}, async (t, o) => {
    const random = chance(t);
    const { acked } = o, sent = new Map();
    let hits = 0;
    for (let round = 0; round < 3; round++) {
        const shim = new Shim({ seed: random.seed + round, undo: true });
        await (o.server && o.stop());
        const server = await o.start({ env: shim.env });
        const { client } = o, mns = o.mns.slice(0, 3);
        const faults = [
            shim.arm({ path: '/log/', calls: ['write', 'truncate'], permille: 100 }),
            shim.arm({ path: '/log/', calls: ['sync'], effect: 'drop', permille: 60 }),
            shim.arm({ path: '.db', calls: ['write', 'read', 'sync', 'truncate'], permille: 50 }),
        ];
        const goal = acked.size + 600 + random(300);
        const lanes = mns.map(async (mn) => {
            const logger = await Logger.open(server.gate);
            await Promise.all(Array.from({ length: 20 }, async () => {
                while (acked.size < goal) {
                    const f = nextFrame(mn);
                    sent.set(f.qn, f);
                    await logger.send(f.bytes, 120_000);
                    acked.add(f.qn);
                }
            }));
            await logger.close();
        });
        lanes.push((async () => {
            for (let i = 0; acked.size < goal; i++)
                await client.request('PATCH', `/api/v1/stations/${mns[i % 3]}/profile`, { clock_policy: i % 2 ? 'flag' : 'accept' });
        })());
        const ended = Promise.allSettled(lanes);
        if (round < 2) {
            await waitUntil(() => acked.size >= goal - 300, { deadline: 120_000, every: 5, what: 'frames are answered between the errors' });
            await o.kill();
            await ended;
        } else {
            await Promise.all(lanes);
        }
        hits += faults.reduce((sum, f) => sum + f.hits(), 0);
        faults.forEach((f) => f.disarm());
        if (round === 2) {
            await waitUntil(async () => (await health(server)).status === 200, { deadline: 60_000, what: 'health is good again' });
        }
    }
    t.diagnostic(`${hits} errors, ${acked.size} answered of ${sent.size}`);
    assert.ok(hits > 20);
});

});
