// What somebody learns, and what others suffer, while passwords are guessed by the hundred.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { addUser, startServer, tempDir } from './lib/yuheng.mjs';

const PASSWORD = 'Correct-horse-9';

// One sign-in from an address of our own (127.0.0.0/8 is all ours); {status, ms}.
function signIn(server, from, username, password) {
    const { hostname, port } = new URL(server.url);
    const body = JSON.stringify({ username, password });
    const begun = performance.now();
    return new Promise((done, fail) => {
        const rq = request({ hostname, port, localAddress: from, method: 'POST', path: '/api/v1/session', agent: false,
            headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, (r) => {
            r.resume().on('end', () => done({ status: r.statusCode, ms: performance.now() - begun }));
        });
        rq.on('error', fail).end(body);
    });
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

test('an unknown account takes as long to refuse as a known one', async (t) => {
    const dir = tempDir(t);
    for (let i = 0; i < 12; i++) addUser(dir, `known${i}`, 'duty', PASSWORD);
    const server = await startServer(t, { dir });
    const times = { known: [], ghost: [] };
    for (let round = 0; round < 3; round++)
        for (let i = 0; i < 12; i++)
            for (const kind of ['known', 'ghost']) { // in turn: what else the machine does meets both alike
                const r = await signIn(server, `127.0.1.${1 + i}`, `${kind}${i}`, 'Wrong-horse-99');
                assert.equal(r.status, 401);
                times[kind].push(r.ms);
            }
    const ratio = median(times.ghost) / median(times.known);
    t.diagnostic(`median of an unknown account ${median(times.ghost).toFixed(1)} ms, of a known one ${median(times.known).toFixed(1)} ms, ratio ${ratio.toFixed(2)}`);
    assert.ok(ratio > 0.6 && ratio < 1.6, `ratio ${ratio}`);
});

test('two hundred guesses a second from one address are turned away, and others sign in', async (t) => {
    const dir = tempDir(t);
    addUser(dir, 'duty1', 'duty', PASSWORD);
    const server = await startServer(t, { dir });
    const calm = [];
    for (let i = 0; i < 15; i++) calm.push((await signIn(server, '127.0.2.1', 'duty1', PASSWORD)).ms);

    const seen = new Map();
    let going = true, sent = 0;
    const begun = performance.now();
    const guessing = Array.from({ length: 20 }, async (_, worker) => {
        for (let n = 0; going; n++) {
            const due = begun + (n * 20 + worker) * 5; // 200 a second in all
            const wait = due - performance.now();
            if (wait > 0) await new Promise((done) => setTimeout(done, wait));
            const r = await signIn(server, '127.0.2.66', n % 2 ? 'duty2' : `ghost${n}`, 'Wrong-horse-99');
            seen.set(r.status, (seen.get(r.status) ?? 0) + 1);
            sent++;
        }
    });
    const beside = [];
    for (let i = 0; i < 15; i++) {
        const r = await signIn(server, '127.0.2.1', 'duty1', PASSWORD);
        assert.equal(r.status, 200);
        beside.push(r.ms);
    }
    going = false;
    await Promise.all(guessing);
    const ratio = median(beside) / median(calm), rate = sent / ((performance.now() - begun) / 1000);
    t.diagnostic(`${Math.round(rate)} guesses a second: ${JSON.stringify(Object.fromEntries(seen))}; signing in beside them ${median(beside).toFixed(1)} ms, before ${median(calm).toFixed(1)} ms, ratio ${ratio.toFixed(2)}`);
    assert.ok((seen.get(401) ?? 0) <= 25, 'at most the free failures were looked at');
    assert.ok((seen.get(429) ?? 0) > 0);
    assert.ok(ratio < 5, `ratio ${ratio}`);
});
