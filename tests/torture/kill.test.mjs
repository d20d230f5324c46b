// kill -9 at any moment, and the power cut that takes with it whatever was not synced: nothing that was acknowledged is
// lost, nothing is stored twice, nothing is stored with other bytes.
//
// Rounds on one data folder: loggers of admitted and of unknown stations send real-time, minute and hour data, split
// uploads, resends and junk, and note every 9014; at a random count of answers the server is killed and started again.
// At the end the evidence log must verify, hold every answered frame exactly once and byte for byte, and everything
// derived must equal what the log gives.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Logger, frame, newQn, stamp, wrap } from '../api/lib/hj212.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { yuhengOk } from '../api/lib/yuheng.mjs';
import { chance } from './lib/kept.mjs';
import { ordeal } from './lib/ordeal.mjs';
import { Shim, powerCut } from './lib/shim.mjs';

const ROUNDS = Number(process.env.TORTURE_ROUNDS ?? 50);
const IN_FLIGHT = 8; // frames a logger sends ahead of the answers

const FIRST_TIME = Date.UTC(2026, 0, 1);
let sequence = 0;

// Frames that exist once: an own QN, an own DataTime.
const kinds = [
    (time, v) => ({ cn: '2011', cp: `DataTime=${stamp(time, 14)};w01018-Rtd=${v},w01018-Flag=N;w21003-Rtd=${v},w21003-Flag=N` }),
    (time, v) => ({ cn: '2051', cp: `DataTime=${stamp(time, 14)};w01018-Min=${v},w01018-Avg=${v},w01018-Max=${v},w01018-Cou=1.0,w01018-Flag=N` }),
    (time, v) => ({ cn: '2061', cp: `DataTime=${stamp(time, 14)};w01018-Min=${v},w01018-Avg=${v},w01018-Max=${v},w01018-Cou=1.0,w01018-Flag=N` }),
    (time, v) => ({ cn: '2011', cp: `DataTime=${stamp(time, 14)};w01018-Rtd=${v},w01018-Flag=D`, flag: 4 | 1, st: '31' }),
];

function newFrame(mn, random) {
    const time = FIRST_TIME + 1000 * sequence++, qn = newQn();
    return { mn, qn, bytes: frame({ qn, mn, ...kinds[random(kinds.length)](time, ((sequence % 997) / 10).toFixed(1)) }) };
}

// A part of a split upload (PNUM, PNO): answered like a frame of its own.
function newPart(mn) {
    const time = FIRST_TIME + 1000 * sequence++, qn = newQn(), pnum = 2, pno = 1 + sequence % 2;
    const segment = `QN=${qn};ST=32;CN=2011;PW=123456;MN=${mn};Flag=7;PNUM=${pnum};PNO=${pno};CP=&&DataTime=${stamp(time, 14)};w01018-Rtd=1.0,w01018-Flag=N&&`;
    return { mn, qn, bytes: wrap(segment) };
}

const keyOf = (f) => `${f.mn} ${f.qn}`;

// Sends without end until the connection breaks; answered frames go to `acked`, all to `sent`.
async function sendUntilCut(gate, mn, random, sent, acked) {
    const logger = await Logger.open(gate);
    const lane = async () => {
        for (;;) {
            const f = random(8) ? newFrame(mn, random) : newPart(mn);
            sent.set(keyOf(f), f);
            await logger.send(f.bytes, 60_000);
            acked.add(keyOf(f));
            if (random(10) === 0) await logger.send(f.bytes, 60_000); // as if the answer had been lost
        }
    };
    await Promise.allSettled(Array.from({ length: IN_FLIGHT }, lane));
    logger.socket.destroy();
}

// The answered ones once more, as loggers do after a break: answered again, not stored again.
async function resend(gate, frames) {
    if (!frames.length) return;
    const logger = await Logger.open(gate);
    await Promise.allSettled(frames.map((f) => logger.send(f.bytes, 20_000)));
    logger.socket.destroy();
}

function junkUntilCut({ host, port }, random) {
    return new Promise((done) => {
        const socket = connect({ host, port });
        socket.on('error', () => {}).on('close', done);
        const pieces = ['##0', '##9999', '\r\n\r\n', '##0100QN=', 'GET / HTTP/1.1\r\n', frame({ qn: newQn(), mn: 'X' }).subarray(5)];
        const more = () => {
            if (!socket.destroyed) socket.write(pieces[random(pieces.length)], () => setTimeout(more, 1));
        };
        socket.on('connect', more).resume();
    });
}

// What the log holds: key → list of stored bytes.
function unescape(text) {
    return text.replace(/\\(r|n|t|\\|x([0-9A-Fa-f]{2}))/g, (_, c, hex) =>
        hex ? String.fromCharCode(parseInt(hex, 16)) : { r: '\r', n: '\n', t: '\t', '\\': '\\' }[c]);
}

function exported(dir) {
    const stored = new Map();
    for (const line of yuhengOk(['log', 'export', '--data', dir]).split('\n').filter(Boolean)) {
        const record = JSON.parse(line);
        const key = `${record.mn} ${/QN=(\d+)/.exec(record.frame)?.[1]}`;
        stored.set(key, [...(stored.get(key) ?? []), unescape(record.frame)]);
    }
    return stored;
}

async function rounds(o, random, count, startOptions, afterKill) {
    const admitted = (await o.client.all('/api/v1/stations')).map((s) => s.mn);
    await o.stop();
    const sent = new Map(), acked = new Set();
    let last = [];
    for (let round = 0; round < count; round++) {
        const server = await o.start(startOptions(round));
        const mns = [...admitted.slice(0, 3), `F00000000000000000000${String(round).padStart(3, '0')}`, 'F00000000000000000000ABC'];
        const before = acked.size;
        const clients = [...mns.map((mn) => sendUntilCut(server.gate, mn, random, sent, acked)),
            resend(server.gate, last), junkUntilCut(server.gate, random)];
        const enough = before + 1 + random(500);
        await waitUntil(() => acked.size >= enough, { deadline: 60_000, every: 1, what: `round ${round}: ${enough - before} answers` });
        await o.kill();
        await Promise.all(clients);
        last = [...acked].slice(-50).map((key) => sent.get(key));
        afterKill(o.dir, round);
    }
    await o.start();
    await o.stop();
    return { dir: o.dir, sent, acked };
}

function expectKept(t, { dir, sent, acked }) {
    const stored = exported(dir);
    t.diagnostic(`${sent.size} sent, ${acked.size} acknowledged, ${stored.size} frames stored`);
    const lost = [...acked].filter((key) => !stored.has(key));
    assert.deepEqual(lost, [], 'acknowledged frames that are not in the log');
    for (const [key, copies] of stored) {
        const f = sent.get(key);
        if (!f) continue;
        assert.equal(copies.length, 1, `${key} stands ${copies.length} times in the log`);
        assert.equal(copies[0].trimEnd(), f.bytes.toString('latin1').trimEnd(), `${key} was stored with other bytes`);
    }
}

ordeal('nothing acknowledged is lost under kill -9', { timeout: 1_200_000 }, async (t, o) => {
    const random = chance(t);
    t.diagnostic(`TORTURE_ROUNDS=${ROUNDS}`);
    expectKept(t, await rounds(o, random, ROUNDS, () => ({}), () => {}));
});

ordeal('nothing acknowledged is lost when the power goes', { timeout: 1_200_000 }, async (t, o) => {
    const random = chance(t);
    const count = Math.ceil(ROUNDS / 5);
    let shim, torn = 0;
    const made = await rounds(o, random, count, () => ({ env: (shim = new Shim({ undo: true })).env }), (dir) => { torn += powerCut(shim, dir, random); });
    t.diagnostic(`${torn} files lost or tore what was not synced in ${count} power cuts`);
    assert.ok(torn > 0);
    expectKept(t, made);
});
