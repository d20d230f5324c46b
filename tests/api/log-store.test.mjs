// Operation of the evidence log beside and without a server: segments packed, listed, copied away, their growth.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from './lib/client.mjs';
import { Logger, frame, newQn } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, startServer, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';

const PASSWORD = 'Correct-horse-7-battery';
const LOUD = 'LOUD00000000000000000001', QUIET = 'QUIET0000000000000000001';
const MIB = 1 << 20;

const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const list = (dir) => lines(yuhengOk(['log', 'list', '--data', dir]));
const growth = (dir, ...more) => JSON.parse(yuhengOk(['log', 'growth', '--data', dir, ...more]));
const sm3 = (file) => createHash('sm3').update(readFileSync(file)).digest('hex').toUpperCase();
const today = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);

async function metric(server, name) {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)[1]);
}

// Frames of about 900 bytes until the log has some segments, all of them packed but the last.
async function fill(server, bytes) {
    const logger = await Logger.open(server.gate);
    const filler = Array.from({ length: 40 }, (_, i) => `w${String(21000 + i)}-Rtd=${(i * 7.31).toFixed(2)}`).join(';');
    const sent = [];
    await logger.send(frame({ qn: newQn(), mn: QUIET, cp: 'DataTime=20260101000000;w01018-Rtd=1.0' }));
    while (sent.length * 850 < bytes) {
        const batch = Array.from({ length: 100 }, () => frame({ qn: newQn(), mn: LOUD, cp: `DataTime=20260101000000;${filler}` }));
        await Promise.all(batch.map((f) => logger.send(f, 60_000)));
        sent.push(...batch);
    }
    await logger.close();
    await waitUntil(async () => await metric(server, 'yuheng_log_packed_segments') + 1 === await metric(server, 'yuheng_log_segments'),
        { what: 'all sealed segments are packed' });
    return sent;
}

async function start(t, dir) {
    addUser(dir, 'officer', 'duty', PASSWORD);
    const server = await startServer(t, { dir, args: ['--log-segment', '1'] });
    const client = new Client(server.url);
    await client.signIn('officer', PASSWORD);
    return { server, client };
}

function checkList(dir) {
    const rows = list(dir);
    assert.ok(rows.length >= 3, `${rows.length} segments`);
    rows.forEach((row, i) => {
        assert.equal(row.number, i);
        assert.equal(row.sm3, sm3(join(dir, 'log', row.file)), 'the hash is that of the file');
        const size = readFileSync(join(dir, 'log', row.file)).length;
        const last = i === rows.length - 1;
        assert.equal(row.sealed, !last);
        assert.equal(row.file.endsWith('.seg.zst'), !last);
        assert.equal(last ? row.bytes : row.packed_bytes, size);
        assert.ok(last || (row.bytes >= MIB && row.packed_bytes < row.bytes / 3), `${row.bytes} → ${row.packed_bytes}`);
        assert.equal(row.first, i ? rows[i - 1].last + 1 : 0);
        if (!last) assert.ok(Date.parse(row.from) <= Date.parse(row.to) && Date.now() - Date.parse(row.to) < 3600_000);
    });
    return rows;
}

async function checkGrowth(client, dir, frames) {
    const page = await client.get('/api/v1/evidence/growth');
    const offline = growth(dir);
    const loud = page.items.filter((row) => row.mn === LOUD), quiet = page.items.filter((row) => row.mn === QUIET);
    assert.equal(loud.reduce((n, row) => n + row.records, 0), frames.length);
    assert.equal(quiet.reduce((n, row) => n + row.records, 0), 1);
    assert.equal(page.items[0].mn, LOUD, 'the largest first');
    const total = page.days.reduce((n, day) => n + day.records, 0);
    assert.equal(total, page.items.reduce((n, row) => n + row.records, 0));
    assert.equal(total, offline.rows.reduce((n, row) => n + row.records, 0));
    assert.equal(page.total, offline.rows.length);
    assert.equal(page.next, null);
    assert.ok(page.stored_bytes < page.bytes / 2);
    assert.equal(page.segments, offline.segments);
    const first = await client.get('/api/v1/evidence/growth?limit=1');
    assert.deepEqual(first.items, page.items.slice(0, 1));
    assert.deepEqual((await client.get(`/api/v1/evidence/growth?limit=1&after=${first.next}`)).items, page.items.slice(1, 2));
    assert.deepEqual(growth(dir, '--to', '2020-01-01').rows, []);
    assert.ok(growth(dir, '--from', today()).rows.length > 0);
    await client.problem('GET', '/api/v1/evidence/growth?from=2026-02-01T00:00:00%2B08:00&to=2026-01-01T00:00:00%2B08:00', undefined, 422, 'invalid');
    await client.problem('GET', '/api/v1/evidence/growth?from=2020-01-01T00:00:00%2B08:00&to=2026-01-01T00:00:00%2B08:00', undefined, 422, 'invalid');
}

function flip(file, offset) {
    const bytes = readFileSync(file);
    bytes[offset] ^= 0x20;
    writeFileSync(file, bytes);
}

const verify = (dir, ...more) => {
    const r = yuheng(['log', 'verify', '--data', dir, ...more]);
    return { status: r.status, verdict: r.stdout && JSON.parse(r.stdout), stderr: r.stderr };
};

function checkCopy(dir) {
    const to = join(tempDir(), 'away');
    const first = JSON.parse(yuhengOk(['log', 'copy', '--data', dir, '--to', to, '--from', '1']));
    assert.ok(first.copied_segments >= 1);
    assert.equal(first.first, list(dir)[1].first);
    const whole = verify(to, '--part');
    assert.equal(whole.status, 0, whole.stderr);
    assert.equal(whole.verdict.first, first.first);
    assert.equal(whole.verdict.records, first.last + 1);
    assert.ok(whole.verdict.packed === first.copied_segments && whole.verdict.signatures >= 1);
    const again = JSON.parse(yuhengOk(['log', 'copy', '--data', dir, '--to', to]));
    assert.equal(again.copied_segments, 0);
    assert.equal(verify(to).status, 2, 'a part is not taken for a log');
    assert.equal(verify(dir, '--part').status, 2, 'nor a log for a part');
    assert.equal(yuheng(['log', 'copy', '--data', dir, '--to', dir]).status, 2);
    assert.equal(yuheng(['log', 'copy', '--data', dir, '--to', tempDir(), '--from', '999']).status, 2);
    assert.ok(!existsSync(join(to, 'log/keys/sm2.key')), 'the private key stays at home');
    const file = readdirSync(join(to, 'log')).find((f) => f.endsWith('.seg.zst'));
    flip(join(to, 'log', file), 5000);
    const damaged = verify(to, '--part');
    assert.equal(damaged.status, 1);
    assert.equal(damaged.verdict.first_bad.file, file);
}

test('segments are packed while the server works, and stay readable, provable and countable', async (t) => {
    const dir = tempDir();
    const { server, client } = await start(t, dir);
    const frames = await fill(server, 2.6 * MIB);
    const rows = checkList(dir);
    await checkGrowth(client, dir, frames);
    assert.equal(await metric(server, 'yuheng_log_pack_healthy'), 1);
    assert.ok(await metric(server, 'yuheng_log_stored_bytes') < await metric(server, 'yuheng_log_bytes') / 2);

    for (const seq of [rows[0].last, rows[1].first, rows[1].last]) {
        const proof = await client.get(`/api/v1/frames/${seq}/proof`);
        assert.equal(proof.verified, true);
        assert.equal((await client.get(`/api/v1/frames/${seq}`)).leaf, proof.leaf);
    }
    const live = verify(dir);
    assert.equal(live.status, 0, live.stderr);
    await server.stop();
    checkCopy(dir);
    const stored = lines(yuhengOk(['log', 'export', '--data', dir]));
    assert.equal(stored.filter((r) => r.kind === 'frame').length, frames.length + 1);

    const whole = verify(dir);
    assert.equal(whole.status, 0, whole.stderr);
    assert.equal(whole.verdict.packed, rows.length - 1);
    yuhengOk(['rebuild', '--data', dir, '--check']);
    flip(join(dir, 'log', rows[1].file), Math.floor(rows[1].packed_bytes / 2));
    const damaged = verify(dir);
    assert.equal(damaged.status, 1);
    assert.equal(damaged.verdict.first_bad.file, rows[1].file);
    assert.ok(damaged.verdict.first_bad.seq >= rows[1].first && damaged.verdict.first_bad.seq <= rows[1].last);
    assert.match(damaged.stderr, new RegExp(rows[1].file.replaceAll('.', '\\.')));
});

test('wrong calls are refused with one line', () => {
    const dir = tempDir();
    for (const args of [
        ['log', 'list'], ['log', 'list', '--data', dir], ['log', 'growth', '--data', dir], ['log', 'copy', '--data', dir],
        ['log', 'copy', '--data', dir, '--to', join(dir, 'x')], ['log', 'growth', '--data', dir, '--from', 'yesterday'],
        ['log', 'copy', '--data', dir, '--to', join(dir, 'x'), '--from', '-1'],
        ['serve', '--data', dir, '--log-segment', '0'], ['serve', '--data', dir, '--log-segment', '1025'],
        ['log', 'verify', '--data', dir, '--part'],
    ]) {
        const r = yuheng(args);
        assert.equal(r.status, 2, `${args.join(' ')}: ${r.stderr}`);
        assert.match(r.stderr, /^yuheng: /);
        assert.doesNotMatch(r.stderr, /unknown/);
    }
});
