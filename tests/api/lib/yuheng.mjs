// The real binary: where it is, how a command is run, how a server is started and stopped.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { withDatabase } from './database.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = resolve(root, process.env.YUHENG || 'build/yuheng');

const field = join(root, 'tests/vectors/hj212/field');
export const captures = readdirSync(field).filter((f) => f.endsWith('.gz')).sort().map((f) => join(field, f));

const children = new Set();
const folders = new Set();
process.on('exit', () => {
    children.forEach((child) => child.kill('SIGKILL'));
    folders.forEach((dir) => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

// Runs `yuheng ARGS…` to its end: {status, stdout, stderr}. `input` goes to standard input.
export function yuheng(args, { input, timeout = 120_000 } = {}) {
    const r = spawnSync(binary, withDatabase(args), { input, timeout, encoding: 'utf8', maxBuffer: 1 << 30, cwd: root });
    if (r.error) throw r.error;
    return { status: r.status, stdout: r.stdout, stderr: r.stderr };
}

// The same for a command that must succeed; returns its standard output.
export function yuhengOk(args, options) {
    const r = yuheng(args, options);
    assert.equal(r.status, 0, `yuheng ${args.join(' ')} → ${r.status}\n${r.stderr}`);
    return r.stdout;
}

// A new empty data folder, removed when the process ends: only then has every server left it.
export function tempDir() {
    const dir = mkdtempSync(join(tmpdir(), 'yuheng-test-'));
    folders.add(dir);
    return dir;
}

// Creates the demo stations and accounts; returns what `demo init` prints ({accounts: [{username, password, role}], …}).
export function demoInit(dir) {
    return JSON.parse(yuhengOk(['demo', 'init', '--data', dir, ...captures]));
}

export function addUser(dir, username, role, password) {
    yuhengOk(['user', 'add', username, '--role', role, '--data', dir, '--password-stdin'], { input: password + '\n' });
}

const READY = /^ready http=(?:https?:\/\/)?(\S+):(\d+)\/? gate=(\S+):(\d+)/;

// Starts `yuheng serve` on free ports and waits for its ready line. Stopped when `t` ends, unless done before.
// `files`: how many descriptors it may open. `env`: added to its environment.
export async function startServer(t, { dir = tempDir(t), args = [], timeout = 60_000, files, env = {} } = {}) {
    const before = files ? ['sh', '-c', `ulimit -n ${files} && exec "$0" "$@"`] : [];
    const serve = withDatabase(['serve', '--data', dir, '--http', '127.0.0.1:0', '--gate', '127.0.0.1:0', '--check-replies', ...args]);
    const [program, ...line] = [...before, binary, ...serve];
    const child = spawn(program, line, { stdio: ['ignore', 'pipe', 'pipe'], cwd: root, env: { ...process.env, ...env } });
    children.add(child);
    const exited = new Promise((done) => {
        child.on('error', (error) => done({ error }));
        child.on('close', (code, signal) => done({ code, signal }));
    }).then((how) => { children.delete(child); return how; });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => { log = (log + text).slice(-1 << 20); });
    const ready = await new Promise((done, fail) => {
        const give_up = setTimeout(() => { child.kill('SIGKILL'); fail(new Error(`no ready line within ${timeout} ms\n${log}`)); }, timeout);
        createInterface({ input: child.stdout }).on('line', (line) => {
            const m = READY.exec(line);
            if (m) { clearTimeout(give_up); done(m); }
        });
        exited.then((how) => { clearTimeout(give_up); fail(new Error(`the server ended before it was ready: ${JSON.stringify(how)}\n${log}`)); });
    });
    const server = {
        dir, child, exited,
        url: `http://${ready[1]}:${ready[2]}`,
        gate: { host: ready[3], port: Number(ready[4]) },
        log: () => log,
        // Clean stop; fails when the server does not end with status 0 (a sanitizer finding shows up here as well).
        async stop() {
            if (child.exitCode !== null || child.signalCode !== null) return;
            const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
            child.kill('SIGTERM');
            const how = await exited;
            clearTimeout(late);
            assert.deepEqual(how, { code: 0, signal: null }, `unclean end of the server\n${log}`);
        },
        async kill() {
            child.kill('SIGKILL');
            await exited;
        },
    };
    t?.after(() => server.stop());
    return server;
}
