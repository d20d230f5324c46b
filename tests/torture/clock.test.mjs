// The server's wall clock is set forward and back while it runs: the log stays in order, values land at their data time,
// connections and sessions do not care, a station is not called silent because of it and not called online for ever.
import assert from 'node:assert/strict';
import { Logger, frame, newQn, stamp } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { health, metrics, sendMany, signedIn } from './lib/kept.mjs';
import { ordeal } from './lib/ordeal.mjs';

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

async function start(o) {
    const [, mn, other] = o.mns; // the first one sends on ordinary days
    return Object.assign(o, { mn, other, logger: await Logger.open(o.server.gate) });
}

// A frame whose logger believes it is `now`.
async function sendAt(s, now, value) {
    const qn = newQn();
    await s.logger.send(frame({ qn, mn: s.mn, cp: `DataTime=${stamp(now, 14)};w01018-Rtd=${value},w01018-Flag=N` }));
    s.acked.add(qn);
}

const stationIs = (s, mn, state) => waitUntil(async () => (await s.client.get(`/api/v1/stations/${mn}`)).state === state,
    { deadline: 20_000, what: `the station is ${state}` });

ordeal('steps of the clock, small and large, forward and back', { shim: {} }, async (t, o) => {
    const s = await start(o);
    const base = Math.floor(Date.now() / 1000) * 1000;
    await sendAt(s, base, '1.0');
    await stationIs(s, s.mn, 'online');
    const steps = [5 * MINUTE, -5 * MINUTE, 20 * MINUTE, -20 * MINUTE, 2 * HOUR, -2 * HOUR, 0];
    for (const [i, step] of steps.entries()) {
        s.shim.setClock(step);
        await sendMany(s.logger, s.other, 100, s.acked); // data times of their own
        await sendAt(s, base + 1000 * (i + 1), `${i + 2}.0`);
        assert.equal((await health(s.server)).status, 200);
        assert.equal((await metrics(s.server)).yuheng_gate_connections, 1, 'nobody is cut off');
    }
    await s.client.get('/api/v1/session'); // still signed in
    await waitUntil(async () => { const m = await metrics(s.server); return m.yuheng_monitor_position === m.yuheng_log_records; }, { what: 'all is read' });
    const iso = (ms) => new Date(ms).toISOString();
    const { points } = await s.client.get(`/api/v1/stations/${s.mn}/series?factor=w01018&from=${iso(base)}&to=${iso(base + MINUTE)}`);
    assert.deepEqual(points.map((p) => Number(p.value)), [1, ...steps.map((_, i) => i + 2)], 'every value stands at its data time');
    await stationIs(s, s.mn, 'online');
    await s.logger.close();
});

ordeal('ten days ahead and back again: nobody stays online for it, nobody is locked out', { shim: {} }, async (t, o) => {
    const s = await start(o);
    await sendAt(s, Date.now(), '1.0');
    await stationIs(s, s.mn, 'online');
    s.shim.setClock(10 * DAY);
    s.client = await signedIn(s.server, s.accounts); // ten days have passed: that session has ended
    await stationIs(s, s.mn, 'offline');
    await sendAt(s, Date.now() + 10 * DAY, '2.0');
    s.client = await signedIn(s.server, s.accounts);
    await stationIs(s, s.mn, 'online');
    s.shim.setClock(0);
    await sendAt(s, Date.now(), '3.0');
    // With the session of before, which is still good:
    await waitUntil(async () => Date.parse((await s.client.get(`/api/v1/stations/${s.mn}`)).last_received) <= Date.now(),
        { what: 'what was received does not lie ahead' });
    s.shim.setClock(35 * MINUTE); // and then the station falls silent
    s.client = await signedIn(s.server, s.accounts);
    await stationIs(s, s.mn, 'offline');
    s.shim.setClock(-10 * DAY);
    await sendAt(s, Date.now() - 10 * DAY, '4.0');
    assert.equal((await health(s.server)).status, 200);
    await s.logger.close();
    await s.stop(); // the next start reads a log whose times go back and forth
});
