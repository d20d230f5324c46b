// `yuheng user` alone and beside a running server, and the session it lets in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from './lib/client.mjs';
import { startServer, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';
import { waitUntil } from './lib/wait.mjs';

const PASSWORD = 'Correct-horse-9';

function user(dir, args, input) {
    return yuheng(['user', ...args, '--data', dir], { input });
}

function list(dir) {
    return yuhengOk(['user', 'list', '--data', dir]).trimEnd().split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

test('accounts are added, listed, disabled and enabled', (t) => {
    const dir = tempDir(t);
    assert.equal(user(dir, ['list']).status, 2); // no data folder yet
    const chief = user(dir, ['add', 'chief', '--role', 'admin', '--display', '王主任', '--password-stdin'], PASSWORD + '\n');
    assert.deepEqual([chief.status, JSON.parse(chief.stdout)], [0, { username: 'chief' }]);
    const made = user(dir, ['add', 'duty1', '--role', 'duty', '--generate']);
    assert.equal(made.status, 0);
    assert.equal(JSON.parse(made.stdout).password.length, 24);
    assert.deepEqual(list(dir).map((u) => [u.username, u.name, u.role, u.disabled, u.must_change]),
        [['chief', '王主任', 'admin', false, false], ['duty1', 'duty1', 'duty', false, true]]);
    assert.equal(user(dir, ['disable', 'duty1']).status, 0);
    assert.equal(list(dir)[1].disabled, true);
    assert.equal(user(dir, ['enable', 'duty1']).status, 0);
    assert.equal(list(dir)[1].disabled, false);
});

test('what is against the rules is refused with one clear line', (t) => {
    const dir = tempDir(t);
    assert.equal(user(dir, ['add', 'chief', '--role', 'admin', '--password-stdin'], PASSWORD).status, 0);
    assert.equal(user(dir, ['add', 'guard', '--role', 'secadmin', '--password-stdin'], PASSWORD).status, 0);
    const refused = [
        [['add', 'chief', '--role', 'duty', '--password-stdin'], PASSWORD, 1, /已被使用/],
        [['add', 'Bad Name', '--role', 'duty', '--password-stdin'], PASSWORD, 1, /用户名/],
        [['add', 'other', '--role', 'king', '--password-stdin'], PASSWORD, 1, /角色/],
        [['add', 'other', '--role', 'duty', '--password-stdin'], 'short', 1, /12 位/],
        [['add', 'other', '--role', 'duty', '--password-stdin'], 'x'.repeat(5000), 2, /too long/],
        [['disable', 'guard'], '', 1, /最后一名/],
        [['disable', 'ghost'], '', 1, /没有用户/],
        [['passwd', 'ghost', '--password-stdin'], PASSWORD, 1, /没有用户/],
        [['add', 'other'], '', 2, /--role/],
        [['promote', 'chief'], '', 2, /unknown subcommand/],
    ];
    for (const [args, input, status, message] of refused) {
        const r = user(dir, args, input);
        assert.equal(r.status, status, args.join(' '));
        assert.equal(r.stdout, '');
        assert.match(r.stderr, message);
        assert.equal(r.stderr.trimEnd().split('\n').length, 1);
    }
    assert.equal(list(dir).length, 2);
});

test('a running server obeys the command line', async (t) => {
    const dir = tempDir(t);
    assert.equal(user(dir, ['add', 'chief', '--role', 'admin', '--password-stdin'], PASSWORD).status, 0);
    assert.equal(user(dir, ['add', 'duty1', '--role', 'duty', '--password-stdin'], PASSWORD).status, 0);
    const server = await startServer(t, { dir });
    const duty = new Client(server.url);
    await duty.signIn('duty1', PASSWORD);
    await duty.get('/api/v1/session');

    assert.equal(user(dir, ['passwd', 'duty1', '--password-stdin'], 'Fresh-horse-10').status, 0);
    await waitUntil(async () => (await duty.request('GET', '/api/v1/session')).status === 401);
    await new Client(server.url).problem('POST', '/api/v1/session', { username: 'duty1', password: PASSWORD }, 401, 'bad_credentials');
    await duty.signIn('duty1', 'Fresh-horse-10');

    assert.equal(user(dir, ['disable', 'duty1']).status, 0);
    await waitUntil(async () => (await duty.request('GET', '/api/v1/session')).status === 401);
    await new Client(server.url).problem('POST', '/api/v1/session', { username: 'duty1', password: 'Fresh-horse-10' }, 401, 'bad_credentials');
});

test('a session is signed in, shown and signed out', async (t) => {
    const dir = tempDir(t);
    assert.equal(user(dir, ['add', 'duty1', '--role', 'duty', '--password-stdin'], PASSWORD).status, 0);
    const server = await startServer(t, { dir });
    const duty = new Client(server.url);
    await duty.problem('GET', '/api/v1/session', undefined, 401);
    const session = await duty.signIn('duty1', PASSWORD);
    assert.deepEqual(session.user,
        { username: 'duty1', name: 'duty1', role: 'duty', roles: [{ name: 'duty', title: '值班员' }],
            permissions: ['station:read', 'station:admit', 'agency:read'], must_change: false });
    assert.match(session.expires, /^\d{4}-\d\d-\d\dT.*\+08:00$/);
    const shown = await duty.get('/api/v1/session');
    assert.ok(shown.expires >= session.expires);
    assert.deepEqual({ ...shown, expires: null }, { ...session, expires: null });
    assert.equal((await duty.request('DELETE', '/api/v1/session', undefined, { 'X-CSRF-Token': 'wrong' })).status, 403);
    await duty.delete('/api/v1/session');
    await duty.problem('GET', '/api/v1/session', undefined, 401);
});
