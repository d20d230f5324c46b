// SIGTERM under load and SIGKILL in the middle of deriving: what was answered is kept, and derived data converge.
import assert from 'node:assert/strict';
import { Logger } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { captures, yuhengOk } from '../api/lib/yuheng.mjs';
import { chance, nextFrame } from './lib/kept.mjs';
import { MIB, ordeal } from './lib/ordeal.mjs';

const ROUNDS = 8;

async function sendUntilCut(gate, mn, acked, enough) {
    const logger = await Logger.open(gate);
    const lane = async () => {
        for (;;) {
            const f = nextFrame(mn);
            await logger.send(f.bytes, 60_000);
            acked.add(f.qn);
            enough();
        }
    };
    await Promise.allSettled(Array.from({ length: 32 }, lane));
    logger.socket.destroy();
}

ordeal('SIGTERM under load: every answered frame is kept, the end is clean and soon', {}, async (t, o) => {
    const random = chance(t), { acked } = o;
    for (let round = 0; round < 4; round++) {
        const server = o.server ?? await o.start();
        const mns = [...o.mns, `NEW${round}`];
        const goal = acked.size + 200 + random(3000);
        let reached;
        const full = new Promise((done) => { reached = done; });
        const clients = mns.map((mn) => sendUntilCut(server.gate, mn, acked, () => acked.size >= goal && reached()));
        await full;
        await o.stop();
        await Promise.all(clients);
    }
    t.diagnostic(`${acked.size} answered`);
});

const toDerive = async (server) => Number(/^yuheng_monitor_stations_to_derive (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())[1]);

ordeal('SIGKILL while stations are derived again: the next start ends the work', {}, async (t, o) => {
    const random = chance(t);
    let { server, client } = o;
    yuhengOk(['replay', '--gate', `${server.gate.host}:${server.gate.port}`, '--max', '--ask-ack', ...captures]);
    const { before } = o;
    assert.ok(await o.measure() < before + 16 * MIB, 'the stations of the captures, known and unknown, have their place');
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
        await o.kill();
        await Promise.all(changes);
        server = await o.start();
        interrupted += await toDerive(server) > 0;
        ({ client } = o);
    }
    t.diagnostic(`${interrupted} of ${ROUNDS} starts found work left`);
    await waitUntil(async () => await toDerive(server) === 0, { deadline: 30_000, what: 'nothing is left to derive' });
});
