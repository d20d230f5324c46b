// What stands around a sign-in: the second factor, devices, machine tokens; all over HTTP against the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from './lib/client.mjs';
import { appCode } from './lib/totp.mjs';
import { addUser, startServer, tempDir, yuheng } from './lib/yuheng.mjs';
import { waitUntil } from './lib/wait.mjs';

const PASSWORD = 'Correct-horse-9';
const FACTOR = '/api/v1/session/second-factor';
const DEVICES = '/api/v1/session/devices';

async function serve(t) {
    const dir = tempDir(t);
    addUser(dir, 'chief', 'admin', PASSWORD);
    addUser(dir, 'duty1', 'duty', PASSWORD);
    return { dir, server: await startServer(t, { dir, args: ['--check-replies'] }) };
}

async function signedIn(server, username = 'duty1') {
    const client = new Client(server.url);
    await client.signIn(username, PASSWORD);
    return client;
}

async function enable(client) {
    const offer = await client.post(FACTOR, { password: PASSWORD });
    assert.match(offer.uri, new RegExp(`^otpauth://totp/yuheng:duty1\\?secret=${offer.secret}&issuer=yuheng`));
    const step = Math.floor(Date.now() / 30_000);
    const { recovery_codes: codes } = await client.ok('PUT', FACTOR, { code: appCode(offer.secret, step) });
    return { secret: offer.secret, codes, next: () => appCode(offer.secret, step + 1) };
}

test('a second factor is set up, asked for, and removed', async (t) => {
    const { server } = await serve(t);
    const client = await signedIn(server);
    assert.deepEqual(await client.get(FACTOR), { enabled: false, since: null, recovery_left: 0 });
    await client.problem('POST', FACTOR, { password: 'Wrong-horse-99' }, 403, 'bad_credentials');
    await client.problem('PUT', FACTOR, { code: '123456' }, 409, 'conflict');
    const app = await enable(client);
    assert.equal(new Set(app.codes).size, 10);
    app.codes.forEach((code) => assert.match(code, /^[A-Z2-7]{5}-[A-Z2-7]{5}$/));
    const state = await client.get(FACTOR);
    assert.deepEqual([state.enabled, state.recovery_left], [true, 10]);

    const other = new Client(server.url);
    const asked = await other.problem('POST', '/api/v1/session', { username: 'duty1', password: PASSWORD }, 401, 'code_wanted');
    assert.match(asked.title, /动态口令/);
    await other.problem('POST', '/api/v1/session', { username: 'duty1', password: PASSWORD, code: '000000' }, 401, 'bad_credentials');
    await other.problem('POST', '/api/v1/session', { username: 'duty1', password: 'Wrong-horse-99', code: app.codes[9] }, 401, 'bad_credentials');
    const code = app.next();
    await other.ok('POST', '/api/v1/session', { username: 'duty1', password: PASSWORD, code });
    await new Client(server.url).problem('POST', '/api/v1/session', { username: 'duty1', password: PASSWORD, code }, 401, 'bad_credentials');
    await new Client(server.url).ok('POST', '/api/v1/session', { username: 'duty1', password: PASSWORD, code: app.codes[0] });

    await client.problem('POST', `${FACTOR}/removal`, { password: PASSWORD, code: app.codes[0] }, 403, 'bad_credentials');
    await client.post(`${FACTOR}/removal`, { password: PASSWORD, code: app.codes[1].toLowerCase() });
    await client.problem('POST', `${FACTOR}/removal`, { password: PASSWORD, code: app.codes[2] }, 409, 'conflict');
    await signedIn(server);
});

test('secrets do not wait in the database for a repeated call', async (t) => {
    const { server } = await serve(t);
    const client = await signedIn(server);
    const key = { 'Idempotency-Key': 'a-key-of-the-test' };
    const first = await client.request('POST', FACTOR, { password: PASSWORD }, key);
    const second = await client.request('POST', FACTOR, { password: PASSWORD }, key);
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.notEqual(first.body.secret, second.body.secret);
});

test('the command line resets what phone and codes can no longer open', async (t) => {
    const { dir, server } = await serve(t);
    const client = await signedIn(server);
    await enable(client);
    const reset = (name) => yuheng(['user', 'reset-factor', '--data', dir, name]);
    assert.equal(reset('ghost').status, 1);
    assert.equal(reset('duty1').status, 0);
    await waitUntil(async () => (await client.request('GET', '/api/v1/session')).status === 401);
    await signedIn(server);
    const again = reset('duty1');
    assert.equal(again.status, 1);
    assert.match(again.stderr, /没有启用动态口令/);
});

test('devices are listed, and one is signed out from another', async (t) => {
    const { server } = await serve(t);
    const [here, there, chief] = [await signedIn(server), await signedIn(server), await signedIn(server, 'chief')];
    const { items } = await here.get(DEVICES);
    assert.equal(items.length, 2);
    assert.equal(items.filter((d) => d.current).length, 1);
    const far = items.find((d) => !d.current);
    await chief.problem('DELETE', `${DEVICES}/${far.id}`, undefined, 404, 'not_found');
    await here.delete(`${DEVICES}/${far.id}`);
    await there.problem('GET', '/api/v1/session', undefined, 401, 'unauthenticated');
    await here.get('/api/v1/session');

    const third = await signedIn(server);
    assert.deepEqual(await here.delete(DEVICES), { ended: 1 });
    await third.problem('GET', '/api/v1/session', undefined, 401);
    assert.deepEqual((await here.get(DEVICES)).items.map((d) => d.current), [true]);
    await chief.get('/api/v1/session');
});

// A program with a token: no cookie, no CSRF.
function program(server, token, extra = {}) {
    const client = new Client(server.url);
    const plain = client.request.bind(client);
    client.request = (method, path, body, headers = {}) => plain(method, path, body, { Authorization: `Bearer ${token}`, ...extra, ...headers });
    return client;
}

const inDays = (n) => new Date(Date.now() + n * 86_400_000).toISOString();

test('a machine token opens what it was given, and nothing of a person', async (t) => {
    const { server } = await serve(t);
    const duty = await signedIn(server);
    const draft = { name: '市数据中心', permissions: ['station:read'], expires: inDays(30) };
    const made = await duty.request('POST', '/api/v1/tokens', draft);
    assert.equal(made.status, 201);
    assert.match(made.body.token, /^yht_[0-9A-F]{64}$/);
    const machine = program(server, made.body.token);
    assert.ok(Array.isArray((await machine.get('/api/v1/stations')).items));
    await machine.problem('POST', '/api/v1/stations/unknown/MN1/admit', {}, 403, 'denied');
    for (const [method, path, body] of [
        ['POST', '/api/v1/tokens', draft], ['GET', '/api/v1/tokens'], ['DELETE', DEVICES],
        ['POST', FACTOR, { password: PASSWORD }], ['PUT', '/api/v1/session/password', { current: PASSWORD, password: 'Fresh-horse-10' }],
    ]) await machine.problem(method, path, body, 403, 'person_only');

    await duty.post('/api/v1/tokens', { ...draft, permissions: ['station:read', 'station:admit'] });
    const [both, row] = (await duty.get('/api/v1/tokens')).items;
    assert.deepEqual(both.permissions, ['station:read', 'station:admit']);
    assert.deepEqual([row.name, row.permissions, row.revoked], [draft.name, ['station:read'], null]);
    assert.ok(row.last_used);
    await duty.delete(`/api/v1/tokens/${made.body.id}`);
    await machine.problem('GET', '/api/v1/stations', undefined, 401, 'unauthenticated');
    await duty.problem('DELETE', `/api/v1/tokens/${made.body.id}`, undefined, 404, 'not_found');
});

test('forged tokens open nothing, not even beside a good cookie', async (t) => {
    const { server } = await serve(t);
    const duty = await signedIn(server);
    for (const header of [`Bearer yht_${'0'.repeat(64)}`, 'Bearer ', 'Bearer', 'Basic ZHV0eTE6eA==', `Bearer ${duty.cookie.split('=')[1]}`, 'yht_'])
        await program(server, '', { Authorization: header, cookie: duty.cookie }).problem('GET', '/api/v1/stations', undefined, 401, 'unauthenticated');
});

test('a token is refused when it would be more than the account', async (t) => {
    const { server } = await serve(t);
    const duty = await signedIn(server);
    const draft = { name: '外部系统', permissions: ['station:read'], expires: inDays(30) };
    for (const bad of [{ permissions: ['user:admin'] }, { permissions: [] }, { permissions: ['station:read', 'x y'] }, { expires: inDays(-1) },
        { expires: inDays(400) }, { name: '' }, { name: ' ' }, { permissions: [1] }, { expires: 'tomorrow' }])
        assert.equal((await duty.request('POST', '/api/v1/tokens', { ...draft, ...bad })).status, 422, JSON.stringify(bad));
    assert.deepEqual((await duty.get('/api/v1/tokens')).items, []);
});
