// ./run as a user meets it: starts, tells where, refuses a second run on the same folder, stops, and starts again.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from '../api/lib/client.mjs';
import { waitUntil } from '../api/lib/wait.mjs';
import { root, tempDir } from '../api/lib/yuheng.mjs';

function run(...args) {
    const r = spawnSync('./run', args, { cwd: root, encoding: 'utf8', timeout: 300_000 });
    return { status: r.status, out: r.stdout, err: r.stderr };
}

const free = (dir) => ['--data', dir, '--http', '127.0.0.1:0', '--gate', '127.0.0.1:0'];

test('a background run answers, is alone on its folder, and ends on --stop', async (t) => {
    const dir = join(tempDir(t), 'data');
    t.after(() => run('--stop', '--data', dir));
    const first = run('--background', ...free(dir));
    assert.equal(first.status, 0, first.err);
    const url = /http:\/\/[\d.]+:\d+/.exec(first.out)[0];
    const [, name, password] = /admin: (\S+) \/ (\S+)/.exec(first.out);

    const client = new Client(url);
    assert.equal((await client.get('/healthz')).demo, true);
    await client.signIn(name, password);
    assert.ok((await client.all('/api/v1/stations')).length > 0, 'the demo has stations');
    await waitUntil(async () => (await client.get('/api/v1/overview')).traffic.frames > 0, { deadline: 60_000, what: 'replayed traffic' });
    assert.equal(statSync(join(dir, 'demo-accounts.json')).mode & 0o077, 0, 'passwords are readable by others');

    const second = run(...free(dir));
    assert.equal(second.status, 1);
    assert.match(second.err, /already running/);

    assert.equal(run('--stop', '--data', dir).status, 0);
    await assert.rejects(client.get('/healthz'));
    assert.ok(!existsSync(join(dir, 'run.pid')));
    assert.match(run('--stop', '--data', dir).err, /nothing is running/);

    const accounts = readFileSync(join(dir, 'demo-accounts.json'), 'utf8');
    const again = run('--background', ...free(dir));
    assert.equal(again.status, 0, again.err);
    assert.equal(readFileSync(join(dir, 'demo-accounts.json'), 'utf8'), accounts, 'accounts were made anew');
    assert.match(again.out, new RegExp(`admin: ${name} / `));
});

test('a foreground run ends cleanly on Ctrl-C', async (t) => {
    const dir = join(tempDir(t), 'data');
    const child = spawn('./run', [...free(dir), '--no-demo'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', err = '';
    child.stdout.on('data', (text) => { out += text; });
    child.stderr.on('data', (text) => { err += text; });
    const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
    t.after(() => child.kill('SIGTERM'));
    await waitUntil(() => out.includes('Ctrl-C ends it'), { deadline: 120_000, what: `the announcement (${err})` });
    assert.doesNotMatch(out, /accounts/, 'a real installation has no demo accounts');
    const url = /http:\/\/[\d.]+:\d+/.exec(out)[0];
    const session = await new Client(url).signIn('sysadmin', /sysadmin,一次性密码 (\S+)/.exec(out)[1]);
    assert.equal(session.user.must_change, true, 'the printed password opens the door once, to be changed');
    assert.equal((await new Client(url).get('/healthz')).demo, false);
    child.kill('SIGINT');
    assert.deepEqual(await ended, { code: 0, signal: null }, err);
    assert.ok(!existsSync(join(dir, 'run.pid')));
    assert.match(readFileSync(join(dir, 'run.log'), 'utf8'), /stopping on signal/);
});

test('a server that cannot start is an error with a reason', (t) => {
    const dir = join(tempDir(t), 'data');
    const r = run('--data', dir, '--no-demo', '--http', 'nowhere', '--gate', '127.0.0.1:0');
    assert.equal(r.status, 1);
    assert.match(r.err, /HOST:PORT/);
    assert.match(r.err, /ended before it was ready/);
});

test('wrong usage says so', () => {
    for (const [args, message] of [[['--wrong'], /unknown option '--wrong'/], [['--data'], /--data needs a value/], [['--data', ''], /needs a value/]]) {
        const r = run(...args);
        assert.equal(r.status, 2);
        assert.match(r.err, message);
    }
    assert.match(run('--help').out, /usage: \.\/run/);
});
