// The same calls against a server on SQLite and one on PostgreSQL: what comes back is equal byte for byte. Replaced before
// it is compared is only what no two runs share: ids made from the clock (numbered in the order they appear, so that the
// same id must stand in the same places), times of this run, tokens, hashes over them, ports.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../lib/client.mjs';
import { databaseOf } from '../lib/database.mjs';
import { Logger, frame, newQn, stamp } from '../lib/hj212.mjs';
import { waitUntil } from '../lib/wait.mjs';
import { startServer, tempDir, yuheng, yuhengOk } from '../lib/yuheng.mjs';

const PASSWORD = 'Correct-horse-7-battery';
const MNS = ['a1', 'B2', '010000A8900016F000169DC0', 'b-3'];
const MN = '010000A8900016F000169DC0';
const base = Math.floor(Date.now() / 60000) * 60000 - 600_000;
const day = `from=${encodeURIComponent(new Date(base - 3600_000).toISOString())}&to=${encodeURIComponent(new Date(base + 3600_000).toISOString())}`;

const KEPT = new Set(['content-type', 'cache-control', 'allow', 'location', 'retry-after', 'x-idempotent-replay', 'content-security-policy', 'x-content-type-options']);

// What two runs cannot share, in one answer after the other.
function normaliser() {
    const ids = new Map();
    const id = (text) => { if (!ids.has(text)) ids.set(text, `#${ids.size + 1}`); return ids.get(text); };
    return (text) => text
        .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+08:00|Z)/g, (t) => (Date.parse(t) < base + 60_000 ? t : '<time>'))
        .replace(/\b[0-9A-Fa-f]{64}\b/g, '<hash>')
        .replace(/("next":"|cursor=)[0-9A-F]{32,}/g, '$1<sealed>') // over times of the run, with a secret of the process
        .replace(/"(csrf|sth|signature|public_key|key_id)":"[^"]*"/g, '"$1":"<token>"')
        .replace(/\b\d{15}\b/g, id)
        .replace(/(127\.0\.0\.1:|"own_port":|"port":)\d+/g, '$1<port>')
        .replace(/"(uptime_s|frames_per_s|age_s|bytes|received|lag_records|lag_seconds|fill_records)":(?:[\d.]+|null)/g, '"$1":<moving>');
}

class Side {
    constructor(name, db) {
        this.name = name;
        this.dir = tempDir();
        this.db = db(this.dir);
        this.clean = normaliser();
        this.told = [];
    }

    command(...args) {
        const input = `${PASSWORD}\n`;
        const r = yuheng([...args, '--data', this.dir, '--db', this.db], { input });
        this.tell(`yuheng ${args.join(' ')}`, `${r.status}\n${r.stdout}\n${r.stderr}`);
    }

    async start(t) {
        this.server = await startServer(t, { dir: this.dir, args: ['--db', this.db] });
        this.client = new Client(this.server.url);
    }

    tell(what, answer) {
        this.told.push(this.clean(`${what}\n${answer}`));
    }

    async raw(client, method, path, text, headers = {}) {
        const h = { ...headers, ...(client.cookie && { cookie: client.cookie }), ...(client.csrf && method !== 'GET' && { 'X-CSRF-Token': client.csrf }) };
        const r = await fetch(this.server.url + path, { method, headers: h, body: text, redirect: 'manual' });
        const kept = [...r.headers].filter(([k]) => KEPT.has(k)).map(([k, v]) => `${k}: ${v}`).join('\n');
        const body = await r.text();
        this.tell(`${method} ${path} ${text ?? ''}`, `${r.status}\n${kept}\n${body}`);
        return body;
    }

    call(method, path, body, headers = {}) {
        const text = body === undefined ? undefined : JSON.stringify(body);
        return this.raw(this.client, method, path, text, text ? { ...headers, 'Content-Type': 'application/json' } : headers);
    }

    // The same for something that takes a moment to come true; only the last answer counts.
    async settled(path, holds) {
        await waitUntil(async () => holds(await this.client.get(path)), { what: `${path} on ${this.name}` });
        return this.call('GET', path);
    }
}

async function accounts(s) {
    s.command('user', 'add', 'officer', '--role', 'admin', '--display', '王主任', '--password-stdin');
    s.command('user', 'add', 'viewer', '--role', 'viewer', '--password-stdin');
    s.command('user', 'add', 'officer', '--role', 'duty', '--password-stdin');
    s.command('user', 'add', '坏名字', '--role', 'duty', '--password-stdin');
    s.command('user', 'disable', 'viewer');
    s.command('user', 'disable', 'nobody');
    s.command('user', 'enable', 'viewer');
    s.command('user', 'passwd', 'viewer', '--password-stdin');
    s.command('user', 'list');
}

async function signingIn(s) {
    for (const body of [{ username: 'officer', password: 'wrong' }, { username: "o'; DROP TABLE account; --", password: 'x' }, { username: '王' }, {}, [], null])
        await s.call('POST', '/api/v1/session', body);
    await s.raw(s.client, 'POST', '/api/v1/session', '{"username":', { 'Content-Type': 'application/json' });
    await s.raw(s.client, 'POST', '/api/v1/session', '{"username":"a\\u0000b","password":"x"}', { 'Content-Type': 'application/json' });
    await s.call('GET', '/api/v1/stations');
    await s.client.signIn('officer', PASSWORD);
    await s.call('GET', '/api/v1/session');
}

async function sendersCall(s) {
    for (const mn of MNS) {
        const logger = await Logger.open(s.server.gate);
        logger.write(frame({ qn: newQn(), mn, cn: '9021', flag: 4 }));
        await s.settled('/api/v1/stations/unknown', (l) => l.items.some((u) => u.mn === mn));
        await logger.close();
    }
    for (let cursor = '', n = 0; n < 10; n++) {
        const page = JSON.parse(await s.call('GET', `/api/v1/stations/unknown?limit=2${cursor}`));
        if (!page.next) break;
        cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
}

async function admitting(s) {
    const body = (i) => ({ name: `示范·站 ${i} %_'\\`, enterprise_name: i % 2 ? '示范·甲水务' : '示范·Z Water', outlet_code: `DW00${i}`, outlet_name: '总排口',
                           medium: i % 2 ? 'water' : 'air', region_code: i % 2 ? '500107' : '500112' });
    const admit = (mn, b, headers) => s.call('POST', `/api/v1/stations/unknown/${mn}/admit`, b, headers);
    for (const bad of [{ name: '' }, { region_code: '999999' }, { medium: 'lava' }, { name: 'x'.repeat(5000) }, { name: '控\u0001制' }, { name: '\ud800' }, { more: 1 }, { outlet_code: 7 }])
        await admit(MNS[0], { ...body(1), ...bad });
    for (const [i, mn] of MNS.entries()) await admit(mn, body(i + 1), { 'Idempotency-Key': `key-key-${i}` });
    await admit(MNS[0], body(1), { 'Idempotency-Key': 'key-key-0' });
    await admit(MNS[0], body(2), { 'Idempotency-Key': 'key-key-0' });
    await admit(MNS[0], body(1));
    await admit('nobody', body(1));
    await s.call('GET', '/api/v1/stations/unknown');
}

async function stations(s) {
    const queries = ['', '?limit=2', '?q=B', '?q=%25', '?q=_', "?q='", '?q=%E6%B8%9D', '?medium=water', '?region=500107', '?q=water&medium=air', '?limit=0', '?limit=x', '?cursor=!!', '?wrong=1'];
    for (const q of queries) await s.call('GET', `/api/v1/stations${q}`);
    for (let cursor = '', n = 0; n < 10; n++) {
        const page = JSON.parse(await s.call('GET', `/api/v1/stations?limit=1${cursor}`));
        if (!page.next) break;
        cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
    for (const body of [{ edition: '2005' }, { accept_bad_crc: true, interval_minutes: 60 }, { edition: '1999' }, { sm4_key: 'zz' }, { interval_minutes: 2 ** 40 }, {}, { no: 1 }])
        await s.call('PATCH', `/api/v1/stations/${MN}/profile`, body);
    await s.call('PATCH', '/api/v1/stations/nobody/profile', { edition: '2005' });
    await s.call('GET', `/api/v1/stations/${MN}`);
    await s.call('GET', '/api/v1/stations/nobody');
    for (const path of ['/api/v1/regions', '/api/v1/dictionaries/factors', '/api/v1/openapi.json', '/api/v1/faults', '/api/v1/evidence/growth', '/healthz', '/api/v1/none'])
        await s.call('GET', path);
}

async function values(s) {
    const logger = await Logger.open(s.server.gate);
    for (let i = 0; i < 5; i++) {
        const cp = `DataTime=${stamp(base + i * 1000, 14)};w01018-Rtd=${i}.50,w01018-Flag=N`;
        await logger.send(frame({ qn: stamp(base + i * 1000), mn: MN, cp }));
    }
    await s.settled(`/api/v1/stations/${MN}/series?factor=w01018&kind=rtd&${day}`, (r) => r.points.length === 5);
    for (const path of [`/api/v1/stations/${MN}/versions?factor=w01018&kind=rtd&time=${encodeURIComponent(new Date(base).toISOString())}`, `/api/v1/stations/${MN}/frames`])
        await s.call('GET', path);
    await logger.close();
}

async function relays(s) {
    const relay = { name: '市平台', host: '203.0.113.9', port: 9, scope: 'all' };
    const made = JSON.parse(await s.call('POST', '/api/v1/relays', { ...relay, paused: true }));
    const one = `/api/v1/relays/${made.id}`;
    await s.call('POST', '/api/v1/relays', { ...relay, paused: true });
    for (const bad of [{ port: 0 }, { host: 'bad host' }, { scope: 'region', region_code: '999999' }, { scope: 'list' }]) await s.call('POST', '/api/v1/relays', { ...relay, name: '另一', ...bad });
    for (const body of [{ name: '省平台' }, { scope: 'list', stations: [...MNS] }, { mode: 'rewrite', names: [{ mn: MN, upstream_mn: 'UP1' }] }, { scope: 'region', region_code: '500107' }])
        await s.call('PATCH', one, body);
    await s.call('GET', '/api/v1/relays');
    await s.call('POST', `${one}/retry`, {});
    await s.call('DELETE', one);
    await s.call('DELETE', one);
    await s.call('GET', one);
}

async function guarding(s) {
    const wrong = new Client(s.server.url);
    for (let i = 0; i < 6; i++) await s.raw(wrong, 'POST', '/api/v1/session', JSON.stringify({ username: 'viewer', password: `wrong ${i}` }), { 'Content-Type': 'application/json' });
    await s.call('DELETE', '/api/v1/session');
    await s.call('GET', '/api/v1/session');
}

test('answers on SQLite and on PostgreSQL are equal byte for byte', { timeout: 300_000 }, async (t) => {
    const sides = [new Side('SQLite', () => ''), new Side('PostgreSQL', databaseOf)];
    for (const s of sides) {
        await accounts(s);
        await s.start(t);
        for (const part of [signingIn, sendersCall, admitting, stations, values, relays, guarding]) await part(s);
        await s.server.stop();
        s.command('user', 'list');
        s.tell('series', yuhengOk(['series', '--data', s.dir, '--db', s.db, '--mn', MN, '--factor', 'w01018']));
    }
    const [a, b] = sides.map((s) => s.told);
    for (const [i, told] of a.entries()) assert.equal(b[i], told);
    assert.equal(b.length, a.length);
    assert.ok(a.length > 100, `${a.length} answers`);
    for (const status of [200, 400, 401, 404, 409, 422]) assert.ok(a.some((text) => text.includes(`\n${status}\n`)), `an answer ${status}`);
});
