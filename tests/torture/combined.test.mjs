// Troubles that come together: junk, slow peers and a kill; a full disk and everybody dialling again; a clock set back
// and resends; and all of it at once.
import assert from 'node:assert/strict';
import { Logger } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { chance, health, metrics, nextFrame, sendMany } from './lib/kept.mjs';
import { HEALTH_MS, ordeal } from './lib/ordeal.mjs';
import { junkFlood, slowPeer, stormPeer } from './lib/peers.mjs';

const HOUR = 3_600_000;

// A logger that does not give up: what is not answered is sent again with the same bytes, on a new connection, also to a
// server that was started again. stop() waits until its last frame is answered.
function stubborn(gate, mn, acked, { impatient = 0 } = {}) {
    let running = true, resent = 0, connects = 0;
    const work = (async () => {
        let logger = null, f = nextFrame(mn), again = false;
        while (running || again) {
            try {
                if (!logger) connects++;
                logger ??= await Logger.open(gate());
                if (again) resent++;
                again = true;
                await logger.send(f.bytes, impatient || 10_000);
                acked.add(f.qn);
                f = nextFrame(mn);
                again = false;
            } catch {
                logger?.socket.destroy();
                logger = null;
                await new Promise((done) => setTimeout(done, 5));
            }
        }
        await logger?.close();
    })();
    return { stop: async () => { running = false; await work; return { resent, connects }; } };
}

const sum = (counts, key) => counts.reduce((n, c) => n + c[key], 0);

ordeal('junk floods, slow peers and kill -9, again and again', {}, async (t, o) => {
    const random = chance(t), gate = () => o.address;
    o.address = o.server.gate;
    const bad = [junkFlood(gate), junkFlood(gate, 1), junkFlood(gate, 3), ...Array.from({ length: 20 }, (_, i) => slowPeer(gate, `SLOW${i}`)),
        stormPeer(gate, 'STORM')];
    const loggers = o.mns.flatMap((mn) => Array.from({ length: 4 }, () => stubborn(gate, mn, o.acked)));
    for (let round = 0; round < 8; round++) {
        const goal = o.acked.size + 50 + random(400);
        await waitUntil(() => o.acked.size >= goal, { deadline: 60_000, every: 1, what: `round ${round}: frames are answered between the junk` });
        const from = performance.now();
        assert.equal((await health(o.server)).status, 200);
        assert.ok(performance.now() - from < HEALTH_MS);
        await o.kill();
        o.address = (await o.start()).gate;
    }
    const { yuheng_gate_junk_total: junk } = await waitUntil(async () => { const m = await metrics(o.server); return m.yuheng_gate_junk_total > 0 && m; }, { what: 'junk is counted' });
    await Promise.all(bad.map((stop) => stop()));
    const counts = await Promise.all(loggers.map((l) => l.stop()));
    t.diagnostic(`${sum(counts, 'resent')} resent, ${sum(counts, 'connects')} connections, ${junk} pieces of junk in the last round`);
    assert.ok(sum(counts, 'resent') > 0);
});

for (const [what, ends] of [['space returns', false], ['the server is killed meanwhile', true]])
    ordeal(`a full disk while all loggers dial again and again, until ${what}`, { shim: {} }, async (t, o) => {
        const gate = () => o.address;
        o.address = o.server.gate;
        const fault = o.shim.arm({ path: '/log/', calls: ['write'], errno: 'ENOSPC' });
        const before = o.acked.size;
        // Each waits 100 ms for its answer, gives up, dials and sends the same frame again.
        const loggers = o.mns.flatMap((mn) => Array.from({ length: 25 }, () => stubborn(gate, mn, o.acked, { impatient: 100 })));
        const storms = Array.from({ length: 4 }, (_, i) => stormPeer(gate, `STORM${i}`));
        const ill = await waitUntil(async () => { const h = await health(o.server); return h.status === 503 && h; }, { deadline: 30_000, what: '/healthz says 503' });
        assert.match(ill.cause, /space/i);
        const accepted = async () => { const text = await (await fetch(`${o.server.url}/metrics`)).text(); return [...text.matchAll(/^yuheng_gate_closed_total\{cause="\w+"\} (\d+)$/gm)].reduce((n, m) => n + Number(m[1]), 0); };
        const from = await accepted();
        await waitUntil(async () => await accepted() >= from + 300, { deadline: 60_000, what: 'three hundred connections came and went' });
        await waitUntil(() => fault.hits() >= 2, { deadline: 30_000, what: 'it was tried again' });
        assert.ok((await metrics(o.server)).yuheng_gate_held_bytes < 256 << 20);
        const slow = performance.now();
        assert.equal((await health(o.server)).status, 503);
        assert.ok(performance.now() - slow < HEALTH_MS);
        assert.equal(o.acked.size, before, 'nothing is acknowledged meanwhile');
        if (ends) {
            await o.kill();
            fault.disarm();
            o.address = (await o.start()).gate;
        } else {
            fault.disarm();
        }
        await Promise.all(storms.map((stop) => stop()));
        await waitUntil(() => o.acked.size >= before + loggers.length, { deadline: 60_000, what: 'frames are answered' });
        const counts = await Promise.all(loggers.map((l) => l.stop()));
        t.diagnostic(`${sum(counts, 'connects')} connections, ${sum(counts, 'resent')} resent, ${o.acked.size - before} acknowledged`);
        assert.ok(sum(counts, 'resent') >= 100);
    });

ordeal('a clock set back between frame and resend, also across a kill', { shim: {} }, async (t, o) => {
    const sent = [];
    const first = await Logger.open(o.server.gate);
    for (let i = 0; i < 200; i++) {
        const f = nextFrame(o.mns[1]);
        await first.send(f.bytes);
        o.acked.add(f.qn);
        sent.push(f);
    }
    const records = async () => (await metrics(o.server)).yuheng_log_records;
    const steps = [-2 * HOUR, 3 * HOUR, -240 * HOUR, 0];
    let logger = first;
    for (const [i, step] of steps.entries()) {
        o.shim.setClock(step);
        if (i % 2) {
            await o.kill();
            await o.start();
            logger = await Logger.open(o.server.gate);
        }
        const before = await records(), repeated = (await metrics(o.server)).yuheng_gate_repeated_total;
        await Promise.all(sent.map((f) => logger.send(f.bytes)));
        assert.equal((await metrics(o.server)).yuheng_gate_repeated_total, repeated + sent.length, 'each resend is known');
        assert.equal(await records(), before, 'and not stored again');
        await sendMany(logger, o.mns[1], 50, o.acked);
        assert.equal((await health(o.server)).status, 200);
    }
    await logger.close();
});

ordeal('a failing disk, junk, a restless clock and kill -9 at once', { timeout: 300_000, shim: { undo: true } }, async (t, o) => {
    const random = chance(t), gate = () => o.address;
    o.shim.setSeed(random.seed);
    let hits = 0;
    const bad = [], loggers = [];
    for (let round = 0; round < 4; round++) {
        o.address = o.server.gate;
        if (round === 0) {
            bad.push(junkFlood(gate), junkFlood(gate, 2), ...Array.from({ length: 8 }, (_, i) => slowPeer(gate, `SLOW${i}`)));
            loggers.push(...o.mns.flatMap((mn) => Array.from({ length: 6 }, () => stubborn(gate, mn, o.acked, { impatient: 2000 }))));
        }
        const faults = [
            o.shim.arm({ path: '/log/', calls: ['write', 'truncate'], errno: 'ENOSPC', permille: 60 }),
            o.shim.arm({ path: '/log/', calls: ['sync'], effect: 'drop', permille: 40 }),
            o.shim.arm({ path: '/log/', calls: ['write', 'read'], effect: 'short', permille: 100 }),
            o.shim.arm({ path: '.db', calls: ['write', 'sync'], permille: 30 }),
        ];
        const goal = o.acked.size + 100 + random(150);
        await waitUntil(() => { o.shim.setClock((random(9) - 4) * HOUR); return o.acked.size >= goal && faults.reduce((n, f) => n + f.hits(), 0) >= 8; },
            { deadline: 90_000, every: 50, what: `round ${round}: frames are answered` });
        hits += faults.reduce((n, f) => n + f.hits(), 0);
        faults.forEach((f) => f.disarm());
        await o.kill();
        await o.start();
    }
    o.shim.setClock(0);
    o.address = o.server.gate;
    await Promise.all(bad.map((stop) => stop()));
    const counts = await Promise.all(loggers.map((l) => l.stop()));
    t.diagnostic(`${hits} errors, ${sum(counts, 'resent')} resent, ${o.acked.size} acknowledged`);
    assert.ok(hits > 20);
});
