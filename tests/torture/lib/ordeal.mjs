// A torture test from beginning to end. The body ill-treats the server as it likes; what has to hold afterwards stands
// here, once for all of them: /healthz answers within two seconds, memory is back within a tenth of what it was before,
// and no acknowledged frame is missing.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Logger } from '../../api/lib/hj212.mjs';
import { waitUntil } from '../../api/lib/wait.mjs';
import { demoInit, startServer, tempDir } from '../../api/lib/yuheng.mjs';
import { checkKept, health, metrics, sendMany, signedIn } from './kept.mjs';
import { Shim } from './shim.mjs';

export const HEALTH_MS = 2000, MEMORY_SHARE = 1.1;
const WARM_FRAMES = 10_000, ORDINARY_FRAMES = 2000, SETTLE_MS = 60_000;
export const MIB = 1 << 20;

export const memory = (server) => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'utf8'))[1]) * 1024;

const nothingOpen = async (server) => {
    const m = await metrics(server);
    return m.yuheng_gate_connections === 0 && m.yuheng_gate_held_bytes === 0 && m.yuheng_monitor_position === m.yuheng_log_records;
};

// Every connection is closed and every record read.
export const untilAlone = (server) => waitUntil(() => nothingOpen(server), { deadline: SETTLE_MS, what: 'the server has nothing left to do' });

// The three conditions count from the moment at which the ill-treatment is over.
async function checkHealth(server) {
    for (let i = 0; i < 5; i++) {
        const from = performance.now();
        const h = await health(server);
        assert.ok(performance.now() - from < HEALTH_MS, `/healthz took ${Math.round(performance.now() - from)} ms`);
        if (i === 0 && h.status !== 200) // a disk that has just been repaired is tried twice a second
            await waitUntil(async () => (await health(server)).status === 200, { deadline: HEALTH_MS, what: '/healthz is good within two seconds' });
        else
            assert.equal(h.status, 200, h.cause);
    }
}

class Ordeal {
    constructor(t, { args, files, shim, warm = WARM_FRAMES }) {
        Object.assign(this, { t, dir: tempDir(), acked: new Set(), warm, options: { args, files } });
        this.shim = shim && new Shim(shim);
    }

    async start(options = {}) {
        this.server = await startServer(this.t, { dir: this.dir, ...this.options, env: this.shim?.env, ...options });
        this.client = await signedIn(this.server, this.accounts);
        return this.server;
    }

    async stop() {
        const from = performance.now();
        await this.server.stop();
        assert.ok(performance.now() - from < 25_000, 'the server ends in time'); // several may be at work
        this.server = null;
    }

    async kill() {
        await this.server.kill();
        this.server = null;
    }

    // One logger, pages, and a changed profile: what the server does on any day. The station that changes is derived again,
    // for which values in memory are stored, so that none of the two measures has them. Returns the memory there is then.
    async ordinaryDay(frames = ORDINARY_FRAMES) {
        const logger = await Logger.open(this.server.gate);
        for (let n = 0; n < frames; n += 1000) await sendMany(logger, this.mns[0], 1000, this.acked, 'ordinary');
        await logger.close();
        for (let i = 0; i < 20; i++) await this.client.get('/api/v1/overview');
        await untilAlone(this.server);
        const quiet = `/api/v1/stations/${this.mns[3]}`, { accept_bad_crc: accepts } = (await this.client.get(quiet)).profile;
        for (const accept_bad_crc of [!accepts, accepts]) {
            await this.client.ok('PATCH', `${quiet}/profile`, { accept_bad_crc });
            await waitUntil(async () => (await metrics(this.server)).yuheng_monitor_stations_to_derive === 0, { deadline: SETTLE_MS, what: 'the station is derived again' });
        }
        await untilAlone(this.server);
        return memory(this.server);
    }

    // Once more the measure to compare with, when the body has filled a table that is bounded and stays filled.
    async measure() {
        this.before = 0; // the most of a few days: one day alone may be one on which chance has freed much
        for (let day = 0; day < 3; day++) this.before = Math.max(this.before, await this.ordinaryDay());
        return this.before;
    }

    async begin() {
        this.accounts = demoInit(this.dir).accounts;
        await this.start();
        this.mns = (await this.client.get('/api/v1/stations?limit=4')).items.map((s) => s.mn);
        await this.ordinaryDay(this.warm); // caches and tables fill
        await this.measure();
    }

    async end() {
        if (!this.server) await this.start({ env: {} });
        await checkHealth(this.server);
        this.client = await signedIn(this.server, this.accounts); // the clock may have ended the session
        const limit = this.before * MEMORY_SHARE;
        let after;
        for (let day = 0; day < 5; day++) // what was in use by chance at the first measure may be free at the next
            if ((after = await this.ordinaryDay()) <= limit) break;
        this.t.diagnostic(`memory ${(this.before / MIB).toFixed(1)} → ${(after / MIB).toFixed(1)} MiB, ${this.acked.size} acknowledged`);
        assert.ok(after <= limit, `memory is not back within a tenth: ${this.before} before, ${after} after`);
        await this.stop();
        checkKept(this.dir, this.acked);
    }
}

// `conf`: settings of yuheng.conf; `shim`: options of the Shim that stands before the server, {} for none in particular;
// `prepare(t, dir)`: before anything is written, false when this machine cannot; `warm`: frames sent before anything is measured.
// The body gets `o`: {dir, server, client, mns, acked, shim, start(), stop(), kill(), measure()}.
export function ordeal(name, { timeout = 180_000, conf, prepare, ...options }, body) {
    test(name, { timeout }, async (t) => {
        const o = new Ordeal(t, options);
        if (prepare && prepare(t, o.dir) === false) return t.skip('this machine does not allow it');
        if (conf) writeFileSync(join(o.dir, 'yuheng.conf'), Object.entries(conf).map(([k, v]) => `${k} = ${v}\n`).join(''));
        await o.begin();
        await body(t, o);
        await o.end();
    });
}
