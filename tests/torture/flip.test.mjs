// One bit of a stored file is changed while the server is stopped: `log verify` (the log) or `rebuild --check` (the two
// databases) finds it and names the file.
//
// Every byte counts in the files of the log and in yuheng.db. In series.db some bytes carry nothing: free space of a page,
// and what SQLite ignores. A change that is not found there must leave every row as it was.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, openSync, readSync, readdirSync, statSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { captures, tempDir, yuheng, yuhengOk } from '../api/lib/yuheng.mjs';
import { chance } from './lib/kept.mjs';
import { ordeal } from './lib/ordeal.mjs';

const EACH = Number(process.env.TORTURE_FLIPS ?? 10);

function flip(path, at, bit) {
    const fd = openSync(path, 'r+');
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, at);
    byte[0] ^= 1 << bit;
    writeSync(fd, byte, 0, 1, at);
    closeSync(fd);
}

function filesBelow(dir) {
    return readdirSync(dir, { withFileTypes: true, recursive: true })
        .filter((e) => e.isFile()).map((e) => join(e.path, e.name)).filter((path) => statSync(path).size > 0);
}

// All rows, as SQLite's own program reads them.
function rows(path) {
    const copy = join(tempDir(), basename(path));
    copyFileSync(path, copy);
    const r = spawnSync('sqlite3', ['-readonly', copy, '.dump'], { encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(r.status, 0, `sqlite3: ${r.error ?? r.stderr}`);
    return r.stdout;
}

const inLog = (path) => path.includes('/log/');
const check = (path, dir) => inLog(path) ? yuheng(['log', 'verify', '--data', dir]) : yuheng(['rebuild', '--check', '--data', dir]);

// What a finding must say: the file's name, or its folder for the two halves of a key.
const nameOf = (path) => path.includes('/keys/') ? 'keys' : basename(path);

ordeal('a flipped bit in any stored file is found and named', { timeout: 300_000 }, async (t, o) => {
    const random = chance(t);
    const { dir, server } = o;
    yuhengOk(['replay', '--gate', `${server.gate.host}:${server.gate.port}`, '--max', '--ask-ack', ...captures]);
    await o.stop();
    const files = filesBelow(dir).filter((f) => basename(f) !== 'demo'); // of that one only the name counts
    for (const wanted of ['.seg', 'tree', 'checkpoints', 'sm2.pub', 'sm2.key', 'series.db', 'yuheng.db', 'yuheng.db.sm3', 'kit.key'])
        assert.ok(files.some((f) => f.endsWith(wanted)), `${wanted} is among ${files}`);
    for (const path of files.filter(inLog).concat(join(dir, 'series.db'), join(dir, 'yuheng.db'))) {
        const r = check(path, dir);
        assert.equal(r.status, 0, `before any change: ${path}: ${r.stdout}${r.stderr}`);
    }
    for (const path of files) {
        const size = statSync(path).size;
        let silent = 0;
        for (let n = 0; n < EACH; n++) {
            const at = random(size), bit = random(8), where = `${path}, byte ${at} of ${size}, bit ${bit}`;
            flip(path, at, bit);
            const r = check(path, dir);
            if (r.status === 0 && path.endsWith('series.db')) {
                const changed = rows(path).split('\n');
                flip(path, at, bit);
                const differ = rows(path).split('\n').filter((row, i) => row !== changed[i]);
                assert.deepEqual(differ.map((row) => row.slice(0, 200)), [], `not found: ${where}`);
                silent++;
                continue;
            }
            flip(path, at, bit);
            assert.equal(r.status, 1, `${where}: ${r.stdout}${r.stderr}`);
            assert.ok((r.stdout + r.stderr).includes(nameOf(path)), `the file is not named: ${where}: ${r.stdout}${r.stderr}`);
        }
        t.diagnostic(`${path.slice(dir.length + 1)}: ${EACH - silent} of ${EACH} found${silent ? `, ${silent} in bytes without meaning` : ''}`);
    }
    for (const path of files.filter(inLog).concat(join(dir, 'series.db'), join(dir, 'yuheng.db')))
        assert.equal(check(path, dir).status, 0, `after all changes were taken back: ${path}`);
});
