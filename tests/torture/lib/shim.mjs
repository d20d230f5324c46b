// Failing disks, lying syncs, power cuts and wrong clocks for a real server: tests/torture/shim in front of it.
import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { binary } from '../../api/lib/yuheng.mjs';

const library = resolve(process.env.YUHENG_BUILD || dirname(binary), 'tests/torture/shim/libyuheng-shim.so');
const CALLS = { open: 1, read: 2, write: 4, sync: 8, truncate: 16 };
const EFFECTS = { fail: 1, short: 2, drop: 3 };
const RULES = 16, RULE = 128, HEAD = 128;

const folders = new Set();
process.on('exit', () => folders.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

export class Shim {
    #fd;
    #used = new Set();

    // `undo`: writes are noted too, so that powerCut() can take back what was never synced.
    constructor({ seed = 1, undo = false } = {}) {
        if (!existsSync(library)) throw new Error(`${library} is missing: build with tests`);
        const dir = mkdtempSync(join(tmpdir(), 'yuheng-shim-'));
        folders.add(dir);
        this.#fd = openSync(join(dir, 'control'), 'w+');
        writeSync(this.#fd, Buffer.alloc(HEAD + RULES * RULE), 0, HEAD + RULES * RULE, 0);
        this.#put32(12, seed);
        this.undoFile = undo ? join(dir, 'undo') : null;
        this.env = { LD_PRELOAD: library, YUHENG_SHIM: join(dir, 'control'), ...(undo && { YUHENG_SHIM_UNDO: this.undoFile }) };
    }

    #put32(at, ...words) {
        const bytes = Buffer.alloc(4 * words.length);
        words.forEach((w, i) => bytes.writeUInt32LE(w, 4 * i));
        writeSync(this.#fd, bytes, 0, bytes.length, at);
    }

    #get32(at) {
        const bytes = Buffer.alloc(4);
        readSync(this.#fd, bytes, 0, 4, at);
        return bytes.readUInt32LE();
    }

    setSeed(seed) {
        this.#put32(12, seed);
    }

    // A rule that holds at once: {path: part of the name, calls: ['write', …], effect, errno, skip, count, permille}.
    arm({ path, calls, effect = 'fail', errno = 'EIO', skip = 0, count = 0, permille = 0 }) {
        const slot = Array.from({ length: RULES }, (_, i) => i).find((i) => !this.#used.has(i));
        this.#used.add(slot);
        const at = HEAD + slot * RULE;
        const name = Buffer.alloc(64);
        name.write(path);
        writeSync(this.#fd, name, 0, 64, at + 64);
        this.#put32(at + 4, calls.reduce((bits, c) => bits | CALLS[c], 0), EFFECTS[effect], constants.errno[errno], skip, count, permille, 0, 0);
        this.#put32(at, 1);
        this.#put32(8, 1);
        return {
            hits: () => this.#get32(at + 32),
            disarm: () => {
                this.#put32(at, 0);
                this.#used.delete(slot);
                this.#put32(8, this.#used.size ? 1 : 0);
            },
        };
    }

    // The server's wall clock stands so many milliseconds before (or behind) that of the machine.
    setClock(ms) {
        const bytes = Buffer.alloc(8);
        bytes.writeBigInt64LE(BigInt(ms));
        writeSync(this.#fd, bytes, 0, 8, 0);
    }
}

function* filesBelow(dir) {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
        const path = join(dir, entry.name);
        if (entry.isDirectory()) yield* filesBelow(path);
        else yield path;
    }
}

// inode → writes that no sync covers, oldest first: {offset, size (of the file before), old (bytes)}.
function unsynced(undoFile) {
    const bytes = readFileSync(undoFile);
    const open = new Map();
    for (let at = 0; at + 32 <= bytes.length;) {
        const kind = bytes.readUInt32LE(at), n = bytes.readUInt32LE(at + 4);
        const inode = Number(bytes.readBigUInt64LE(at + 8)), place = Number(bytes.readBigUInt64LE(at + 16));
        if (at + 32 + n > bytes.length) break;
        const writes = open.get(inode) ?? [];
        if (kind === 1) writes.push({ note: at, offset: place, size: Number(bytes.readBigUInt64LE(at + 24)), old: bytes.subarray(at + 32, at + 32 + n) });
        open.set(inode, kind === 1 ? writes : kind === 2 ? writes.filter((w) => w.note >= place) : []);
        at += 32 + n;
    }
    return open;
}

const SECTOR = 512;

// One file: what was not synced is gone, or is there, or is there in part, sector by sector, as chance will have it.
function tear(path, writes, random) {
    const fd = openSync(path, 'r+');
    const now = readFileSync(path);
    const synced = Buffer.alloc(Math.max(now.length, ...writes.map((w) => w.size)));
    now.copy(synced);
    let size = now.length;
    for (const w of [...writes].reverse()) {
        if (size > w.size) synced.fill(0, w.size, size);
        w.old.copy(synced, w.offset);
        size = w.size;
    }
    const mode = random(4); // 0: all gone, 1: all there, else in part
    if (mode !== 1) {
        const end = mode === 0 ? size : size + random(Math.abs(now.length - size) + 1) * (now.length < size ? -1 : 1);
        const torn = Buffer.alloc(end);
        for (let at = 0; at < end; at += SECTOR) {
            const source = mode === 0 || random(2) ? synced : now;
            source.copy(torn, at, at, Math.min(at + SECTOR, end));
        }
        writeSync(fd, torn, 0, torn.length, 0);
        ftruncateSync(fd, end);
    }
    closeSync(fd);
    return mode === 1 ? 0 : 1;
}

// After a SIGKILL: the machine lost power as well. Returns how many files lost something. A file's place in its folder
// is taken to be safe.
export function powerCut(shim, dir, random) {
    const open = unsynced(shim.undoFile);
    let touched = 0;
    for (const path of filesBelow(dir)) {
        const writes = open.get(statSync(path).ino);
        if (path.endsWith('-shm')) rmSync(path); // lives in memory
        else if (writes?.length) touched += tear(path, writes, random);
    }
    return touched;
}
