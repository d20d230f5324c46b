// A small OpenID Connect provider: everybody who comes is `person`; what it answers can be bent by the test.
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { addUser, startServer, tempDir } from './yuheng.mjs';

const b64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');

function makeKey(alg, kid) {
    const pair = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { alg, kid, sign: pair.privateKey, jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg } };
}

export function signToken(key, claims, header = {}) {
    const text = `${b64({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })}.${b64(claims)}`;
    const signature = createSign('sha256').update(text).sign(key.alg === 'ES256' ? { key: key.sign, dsaEncoding: 'ieee-p1363' } : key.sign);
    return `${text}.${b64(signature)}`;
}

export async function startPortal(t, { alg = 'RS256' } = {}) {
    const codes = new Map(); // code → what was asked for
    const portal = {
        person: 'person-1', client: 'yuheng', secret: 'portal secret/1', key: makeKey(alg, 'first'), calls: [],
        claims: (c) => c, token: (token) => token, settings: (s) => s, status: 200, silent: false,
        newKey: () => { portal.key = makeKey(alg, `key-${randomBytes(4).toString('hex')}`); },
    };
    const json = (res, status, body) => res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    const seconds = () => Math.floor(Date.now() / 1000);

    function authorize(url, res) {
        const q = Object.fromEntries(url.searchParams);
        const code = randomBytes(12).toString('base64url');
        codes.set(code, q);
        res.writeHead(302, { Location: `${q.redirect_uri}?code=${code}&state=${encodeURIComponent(q.state)}&session_state=x` }).end();
    }

    function redeem(req, form, res) {
        const asked = codes.get(form.get('code'));
        codes.delete(form.get('code')); // a code is good once
        const [name, password] = Buffer.from(/^Basic (.*)$/.exec(req.headers.authorization ?? '')?.[1] ?? '', 'base64').toString().split(/:(.*)/s);
        const proof = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
        const right = asked && name === portal.client && password === portal.secret && form.get('grant_type') === 'authorization_code'
            && form.get('redirect_uri') === asked.redirect_uri && proof === asked.code_challenge && asked.code_challenge_method === 'S256';
        if (!right) return json(res, 400, { error: 'invalid_grant' });
        const claims = portal.claims({ iss: portal.url, aud: portal.client, sub: portal.person, nonce: asked.nonce, iat: seconds(), exp: seconds() + 300 });
        json(res, 200, { access_token: 'x', token_type: 'Bearer', id_token: portal.token(signToken(portal.key, claims), claims) });
    }

    const server = createServer((req, res) => {
        const url = new URL(req.url, portal.url);
        portal.calls.push(url.pathname);
        if (portal.silent) return;
        if (portal.status !== 200) return json(res, portal.status, { error: 'server_error' });
        let body = '';
        req.setEncoding('utf8').on('data', (d) => { body += d; }).on('end', () => {
            if (url.pathname === '/.well-known/openid-configuration')
                json(res, 200, portal.settings({ issuer: portal.url, authorization_endpoint: `${portal.url}/authorize`, token_endpoint: `${portal.url}/token`, jwks_uri: `${portal.url}/keys` }));
            else if (url.pathname === '/keys') json(res, 200, { keys: [portal.key.jwk] });
            else if (url.pathname === '/authorize') authorize(url, res);
            else if (url.pathname === '/token') redeem(req, new URLSearchParams(body), res);
            else json(res, 404, {});
        });
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    portal.url = `http://127.0.0.1:${server.address().port}`;
    portal.stop = () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); });
    t.after(portal.stop);
    return portal;
}

export { b64 };

async function freePort() {
    const s = createServer();
    await new Promise((done) => s.listen(0, '127.0.0.1', done));
    const { port } = s.address();
    await new Promise((done) => s.close(done));
    return port;
}

// A server that knows the portal. The portal sends browsers back to a fixed address, so the port is chosen beforehand.
export async function serveWithPortal(t, portal, { users, password, title, args = [] }) {
    const dir = tempDir(t), port = await freePort();
    for (const user of users) addUser(dir, user, 'duty', password);
    writeFileSync(join(dir, 'portal.secret'), `${portal.secret}\n`);
    writeFileSync(join(dir, 'yuheng.conf'), [`public-url = http://127.0.0.1:${port}`, `portal-issuer = ${portal.url}`, `portal-client = ${portal.client}`,
        `portal-secret-file = ${join(dir, 'portal.secret')}`, ...(title ? [`portal-title = ${title}`] : []), ''].join('\n'));
    return { dir, server: await startServer(t, { dir, args: ['--http', `127.0.0.1:${port}`, ...args] }) };
}
