// Sign-in by a portal over OpenID Connect: against a small provider, which also lies where it can.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client } from './lib/client.mjs';
import { b64, serveWithPortal, signToken, startPortal } from './lib/portal.mjs';
import { addUser, startServer, tempDir, yuheng } from './lib/yuheng.mjs';

const PASSWORD = 'Correct-horse-9';
const PORTAL = '/api/v1/session/portal';

const serve = (t, portal) => serveWithPortal(t, portal, { users: ['duty1', 'duty2'], password: PASSWORD, title: '渝快政统一登录', args: ['--check-replies'] });

// A browser with cookies by name that follows one redirection after the other.
class Browser {
    constructor(server) { this.server = server; this.jar = new Map(); }
    async open(url) {
        const own = url.startsWith(this.server.url);
        const r = await fetch(url, { redirect: 'manual', headers: own && this.jar.size ? { cookie: [...this.jar].map(([k, v]) => `${k}=${v}`).join('; ') } : {} });
        await r.arrayBuffer();
        for (const set of own ? r.headers.getSetCookie() : []) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
            if (value) this.jar.set(name, value); else this.jar.delete(name);
        }
        return r;
    }
    // Until a page of ours or an answer that is no redirection; the path, or the status.
    async follow(path, { change = (url) => url } = {}) {
        for (let url = this.server.url + path, n = 0; n < 6; n++) {
            const r = await this.open(url);
            const to = r.headers.get('location');
            if (!to) return r.status;
            url = change(new URL(to, url).href);
            if (url.startsWith(`${this.server.url}/d/`)) return url.slice(this.server.url.length);
        }
        assert.fail('too many redirections');
    }
    get client() {
        const c = new Client(this.server.url);
        c.cookie = [...this.jar].map(([k, v]) => `${k}=${v}`).join('; ');
        return c;
    }
}

async function link(server, username = 'duty1') {
    const browser = new Browser(server);
    const client = new Client(server.url);
    await client.signIn(username, PASSWORD);
    browser.jar.set('yh_session', client.cookie.split('=')[1]);
    return { browser, client, to: await browser.follow(`${PORTAL}/link`) };
}

for (const alg of ['RS256', 'ES256'])
    test(`a linked person is let in by the portal (${alg})`, async (t) => {
        const portal = await startPortal(t, { alg });
        const { server } = await serve(t, portal);
        const stranger = new Browser(server);
        assert.deepEqual(await stranger.client.get(PORTAL), { enabled: true, title: '渝快政统一登录', linked: false });
        assert.equal(await stranger.follow(`${PORTAL}/start`), '/d/sign-in?portal=unlinked');
        assert.equal(stranger.jar.size, 0);

        const { client, to } = await link(server);
        assert.equal(to, '/d/account?portal=linked');
        assert.equal((await client.get(PORTAL)).linked, true);

        const browser = new Browser(server);
        assert.equal(await browser.follow(`${PORTAL}/start?return=%2Fconnections`), '/d/sign-in?portal=done&return=/connections');
        assert.deepEqual([...browser.jar.keys()], ['yh_session']);
        assert.equal((await browser.client.get('/api/v1/session')).user.username, 'duty1');

        await client.delete(PORTAL);
        await client.problem('DELETE', PORTAL, undefined, 404, 'not_found');
        assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=unlinked');
    });

test('a person and an account are linked once', async (t) => {
    const portal = await startPortal(t);
    const { dir, server } = await serve(t, portal);
    assert.equal((await link(server)).to, '/d/account?portal=linked');
    assert.equal((await link(server, 'duty2')).to, '/d/account?portal=conflict');
    portal.person = 'person-2';
    assert.equal((await link(server)).to, '/d/account?portal=conflict');

    const byHand = (subject, name) => yuheng(['user', 'link-portal', '--data', dir, '--subject', subject, name]);
    assert.equal(byHand('person-1', 'duty2').status, 1);
    assert.equal(byHand('person-2', 'ghost').status, 1);
    assert.equal(byHand('person-2', 'duty2').status, 0);
    const browser = new Browser(server);
    assert.equal(await browser.follow(`${PORTAL}/start`), '/d/sign-in?portal=done&return=/overview');
    assert.equal((await browser.client.get('/api/v1/session')).user.username, 'duty2');
    assert.equal(yuheng(['user', 'disable', '--data', dir, 'duty2']).status, 0);
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=disabled');
});

test('tokens that lie are refused', async (t) => {
    const portal = await startPortal(t);
    const { server } = await serve(t, portal);
    await link(server);
    const honest = { claims: portal.claims, token: portal.token };
    const now = () => Math.floor(Date.now() / 1000);
    const other = (await startPortal(t)).key;
    const asSecret = createPublicKey({ key: portal.key.jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const parts = (token) => token.split('.');
    const lies = {
        'another issuer': { claims: (c) => ({ ...c, iss: 'http://127.0.0.1:1' }) },
        'another client': { claims: (c) => ({ ...c, aud: 'other' }) },
        'several clients, not for us': { claims: (c) => ({ ...c, aud: ['yuheng', 'other'], azp: 'other' }) },
        'another sign-in': { claims: (c) => ({ ...c, nonce: 'x' }) },
        'no nonce': { claims: ({ nonce, ...c }) => c },
        'expired': { claims: (c) => ({ ...c, exp: now() - 300 }) },
        'no end': { claims: ({ exp, ...c }) => c },
        'from the future': { claims: (c) => ({ ...c, iat: now() + 3600 }) },
        'not valid yet': { claims: (c) => ({ ...c, nbf: now() + 3600 }) },
        'nobody': { claims: (c) => ({ ...c, sub: '' }) },
        'a number for a name': { claims: (c) => ({ ...c, sub: 1 }) },
        'another key': { token: (_, c) => signToken({ ...other, kid: 'first' }, c) },
        'no signature': { token: (_, c) => `${b64({ alg: 'none' })}.${b64(c)}.` },
        'the public key as a shared secret': { token: (_, c) => {
            const text = `${b64({ alg: 'HS256', kid: 'first' })}.${b64(c)}`;
            return `${text}.${createHmac('sha256', asSecret).update(text).digest('base64url')}`;
        } },
        'other claims under the signature': { token: (token, c) => `${parts(token)[0]}.${b64({ ...c, sub: 'person-9' })}.${parts(token)[2]}` },
        'demands': { token: (_, c) => signToken(portal.key, c, { crit: ['x'], x: 1 }) },
        'two parts': { token: (token) => parts(token).slice(0, 2).join('.') },
        'no token': { token: () => undefined },
        'a token that is no text': { token: () => 7 },
    };
    for (const [name, lie] of Object.entries(lies)) {
        Object.assign(portal, honest, lie);
        const browser = new Browser(server);
        assert.equal(await browser.follow(`${PORTAL}/start`), '/d/sign-in?portal=refused', name);
        assert.equal(browser.jar.size, 0, name);
    }
    Object.assign(portal, honest);
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=done&return=/overview');
    Object.assign(portal, { claims: (c) => ({ ...c, aud: ['yuheng'] }) });
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=done&return=/overview');
});

test('an answer that was not begun in this browser opens nothing', async (t) => {
    const portal = await startPortal(t);
    const { server } = await serve(t, portal);
    await link(server);
    const without = new Browser(server);
    assert.equal(await without.follow(`${PORTAL}/start`, { change: (url) => { if (url.includes('/callback')) without.jar.clear(); return url; } }), '/d/sign-in?portal=expired');
    const state = (url) => url.replace(/state=[^&]+/, 'state=forged');
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`, { change: (url) => url.includes('/callback') ? state(url) : url }), '/d/sign-in?portal=expired');
    const bent = new Browser(server);
    assert.equal(await bent.follow(`${PORTAL}/start`, { change: (url) => {
        const cookie = bent.jar.get('yh_portal');
        if (url.includes('/callback')) bent.jar.set('yh_portal', `${cookie.slice(0, -1)}${cookie.endsWith('0') ? '1' : '0'}`);
        return url;
    } }), '/d/sign-in?portal=expired');

    // The same answer twice: the portal redeems its code once.
    const twice = new Browser(server);
    let back = '', kept = '';
    await twice.follow(`${PORTAL}/start`, { change: (url) => { if (url.includes('/callback')) { back = url; kept = twice.jar.get('yh_portal'); } return url; } });
    const again = new Browser(server);
    again.jar.set('yh_portal', kept);
    assert.equal(await again.follow(back.slice(server.url.length)), '/d/sign-in?portal=refused');
    assert.equal(await new Browser(server).follow(`${PORTAL}/callback?error=access_denied&state=x`), '/d/sign-in?portal=expired');
    for (const evil of ['//evil.example', 'https://evil.example', '/\\evil.example'])
        assert.equal(await new Browser(server).follow(`${PORTAL}/start?return=${encodeURIComponent(evil)}`), '/d/sign-in?portal=done&return=/overview', evil);
    assert.equal(await new Browser(server).follow(`${PORTAL}/start?return=${encodeURIComponent('/a\r\nX: y')}`), 400);
});

test('the portal may change its keys, break and come back', async (t) => {
    const portal = await startPortal(t);
    const { server } = await serve(t, portal);
    await link(server);
    portal.newKey();
    const fetched = () => portal.calls.filter((c) => c === '/keys').length;
    const before = fetched();
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=refused'); // keys were fetched a moment ago
    assert.equal(fetched(), before, 'an unknown key is not asked for at once again');
    portal.key.kid = portal.key.jwk.kid = 'first';
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=refused'); // the name is known, the key is another

    portal.status = 500;
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), 500); // the portal's own page
    portal.status = 200;
    portal.secret = 'changed';
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=refused');
});

test('a portal that is away or hangs is said to be, and pages go on meanwhile', async (t) => {
    const portal = await startPortal(t);
    const { server } = await serve(t, portal);
    portal.silent = true;
    const waiting = Array.from({ length: 12 }, () => new Browser(server).follow(`${PORTAL}/start`));
    const client = new Client(server.url);
    await client.signIn('duty1', PASSWORD); // while one of them waits
    await client.get('/api/v1/stations');
    const words = await Promise.all(waiting);
    assert.ok(words.every((w) => ['/d/sign-in?portal=busy', '/d/sign-in?portal=unreachable'].includes(w)), words.join());
    assert.ok(words.includes('/d/sign-in?portal=busy'));
    await portal.stop();
    assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=unreachable');
});

test('a provider that describes itself wrongly is not used', async (t) => {
    const portal = await startPortal(t);
    const { server } = await serve(t, portal);
    for (const settings of [(s) => ({ ...s, issuer: 'http://other' }), ({ jwks_uri, ...s }) => s, (s) => ({ ...s, token_endpoint: 7 }), () => []]) {
        portal.settings = settings;
        assert.equal(await new Browser(server).follow(`${PORTAL}/start`), '/d/sign-in?portal=unreachable');
    }
});

test('without a portal there is no such sign-in, and settings that do not fit are refused', async (t) => {
    const dir = tempDir(t);
    addUser(dir, 'duty1', 'duty', PASSWORD);
    const server = await startServer(t, { dir, args: ['--check-replies'] });
    const client = new Client(server.url);
    assert.deepEqual(await client.get(PORTAL), { enabled: false, title: '', linked: false });
    await client.problem('GET', `${PORTAL}/start`, undefined, 404, 'not_found');
    await client.problem('GET', `${PORTAL}/callback?code=x&state=y`, undefined, 404, 'not_found');
    await server.stop();
    for (const [conf, message] of [['portal-issuer = http://portal.example', /https/], ['portal-issuer = https://portal.example/', /end with/],
        ['portal-issuer = https://portal.example', /portal-client/], ['public-url = ftp://x', /https/]]) {
        writeFileSync(join(dir, 'yuheng.conf'), `${conf}\n`);
        const r = yuheng(['serve', '--data', dir, '--http', '127.0.0.1:0', '--gate', '127.0.0.1:0']);
        assert.equal(r.status, 2, conf);
        assert.match(r.stderr, message);
    }
});
