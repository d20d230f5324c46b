// What every torture test asks for: a server with demo stations, frames that exist once, and at the end the proof that
// whatever was answered is in the log exactly once and that everything derived follows from it.
import assert from 'node:assert/strict';
import { Client } from '../../api/lib/client.mjs';
import { frame, newQn, stamp } from '../../api/lib/hj212.mjs';
import { yuheng, yuhengOk } from '../../api/lib/yuheng.mjs';

// Repeatable chance: a failing run is repeated with the seed it prints.
export function chance(t, name = 'TORTURE_SEED') {
    const seed = Number(process.env[name] ?? Date.now() % 1_000_000);
    t.diagnostic(`${name}=${seed}`);
    let state = seed;
    const random = (n) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * n);
    };
    return Object.assign(random, { seed });
}

export async function signedIn(server, accounts) {
    const client = new Client(server.url);
    const admin = accounts.find((a) => a.role === 'admin');
    await client.signIn(admin.username, admin.password);
    return client;
}

export async function health(server) {
    const r = await fetch(`${server.url}/healthz`);
    return { ...await r.json(), status: r.status };
}

export async function metrics(server) {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Object.fromEntries([...text.matchAll(/^(yuheng_\w+) (\d+)$/gm)].map((m) => [m[1], Number(m[2])]));
}

// A frame with its own QN and its own DataTime: counted from 2026, or for ordinary days from 2025.
const moments = { torture: Date.UTC(2026, 0, 1), ordinary: Date.UTC(2025, 0, 1) };
export function nextFrame(mn, sequence = 'torture') {
    const qn = newQn();
    return { mn, qn, bytes: frame({ qn, mn, cp: `DataTime=${stamp(moments[sequence] += 1000, 14)};w01018-Rtd=1.0,w01018-Flag=N` }) };
}

// Sends `n` frames at once; the QN of what is answered goes to `acked`.
export const sendMany = (logger, mn, n, acked, sequence) => Promise.all(Array.from({ length: n }, async () => {
    const f = nextFrame(mn, sequence);
    await logger.send(f.bytes, 60_000);
    acked.add(f.qn);
}));

// The log verifies and holds every QN of `acked` exactly once; series follow from the log.
export function checkKept(dir, acked) {
    const verified = yuheng(['log', 'verify', '--data', dir]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    const copies = new Map();
    for (const [, qn] of yuhengOk(['log', 'export', '--data', dir]).matchAll(/QN=(\d+)/g)) copies.set(qn, (copies.get(qn) ?? 0) + 1);
    assert.deepEqual([...acked].filter((qn) => copies.get(qn) !== 1), [], 'acknowledged and not exactly once in the log');
    const rebuilt = yuheng(['rebuild', '--check', '--data', dir]);
    assert.equal(rebuilt.status, 0, rebuilt.stdout + rebuilt.stderr);
}
