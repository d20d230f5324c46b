// PostgreSQL goes away in the middle of traffic and comes back: stations are answered all the time, pages say what is the
// matter, and afterwards nothing that was acknowledged is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from '../lib/client.mjs';
import { psql } from '../lib/database.mjs';
import { Logger, frame, newQn } from '../lib/hj212.mjs';
import { startPostgresql } from '../lib/postgresql.mjs';
import { waitUntil } from '../lib/wait.mjs';
import { startServer, tempDir, yuheng, yuhengOk } from '../lib/yuheng.mjs';

const MN = '010000A8900016F000169DC0', STRANGER = '010000A8900016F000169DFF';
const PASSWORD = 'Correct-horse-7-battery';
const admission = {
    name: '示范·总排口站', enterprise_name: '示范·测试水务', outlet_code: 'DW001', outlet_name: '总排口',
    medium: 'water', region_code: '500107',
};
const base = Math.floor(Date.now() / 60000) * 60000 - 600000;

function prepare(pg) {
    const dir = tempDir();
    psql('CREATE DATABASE outage', pg.url);
    const db = pg.url.replace(/\/[^/]*$/, '/outage');
    yuhengOk(['user', 'add', 'officer', '--role', 'duty', '--data', dir, '--db', db, '--password-stdin'], { input: `${PASSWORD}\n` });
    return { dir, db };
}

async function admit(client, gate) {
    const logger = await Logger.open(gate);
    logger.write(frame({ qn: newQn(), mn: MN, cn: '9021', flag: 4 }));
    await listed(client, MN);
    await logger.close();
    await client.post(`/api/v1/stations/unknown/${MN}/admit`, admission);
}

const listed = (client, mn) => waitUntil(
    async () => (await client.get('/api/v1/stations/unknown')).items.find((u) => u.mn === mn), { what: `${mn} is offered` });

async function values(client) {
    const day = `from=${encodeURIComponent(new Date(base - 3600_000).toISOString())}&to=${encodeURIComponent(new Date(base + 7200_000).toISOString())}`;
    return (await client.get(`/api/v1/stations/${MN}/series?factor=w01018&kind=rtd&${day}`)).points;
}

test('an outage of the database costs no acknowledged frame', async (t) => {
    const pg = startPostgresql();
    const { dir, db } = prepare(pg);
    const server = await startServer(t, { dir, args: ['--db', db] });
    const client = new Client(server.url);
    await client.signIn('officer', PASSWORD);
    await admit(client, server.gate);
    const logger = await Logger.open(server.gate), stranger = await Logger.open(server.gate);
    let sent = 0;
    const send = async (n) => { for (let i = 0; i < n; i++, sent++) await logger.sendRealtime(MN, { w01018: String(sent) }, { time: base + sent * 1000 }); };

    await send(50);
    const during = send(200); // some of them before, some after the server is gone
    pg.stop();
    await during;
    await stranger.sendRealtime(STRANGER, { w01018: '1' });
    await send(50);

    await waitUntil(async () => (await client.request('GET', '/api/v1/stations')).status === 503, { what: 'pages say 503' });
    const page = await client.problem('GET', '/api/v1/stations', undefined, 503, 'database_away');
    assert.match(page.title, /数据库暂时连接不上.*管理员/);
    await new Client(server.url).problem('POST', '/api/v1/session', { username: 'officer', password: PASSWORD }, 503, 'database_away');
    await client.problem('PATCH', `/api/v1/stations/${MN}/profile`, { interval_minutes: 60 }, 503, 'database_away');
    await waitUntil(() => /business database is away/.test(server.log()), { what: 'the server says so' });
    const cli = yuheng(['user', 'list', '--data', dir, '--db', db]);
    assert.equal(cli.status, 2);
    assert.match(cli.stderr, /PostgreSQL 127\.0\.0\.1:\d+\/outage is not available: .*refused/);
    assert.doesNotMatch(cli.stderr + server.log(), /secret/, 'no password is shown');

    pg.start();
    await send(50);
    await waitUntil(async () => (await client.request('GET', '/api/v1/stations')).status === 200, { what: 'pages are back' });
    await waitUntil(() => /business database is back/.test(server.log()), { what: 'the server says so' });
    const points = await waitUntil(async () => { const p = await values(client); return p.length >= sent && p; }, { what: `${sent} values` });
    assert.deepEqual(points.map((p) => p.value), Array.from({ length: sent }, (_, i) => String(i)));
    assert.equal((await listed(client, STRANGER)).frames, 1, 'who called meanwhile is offered');
    await client.ok('PATCH', `/api/v1/stations/${MN}/profile`, { interval_minutes: 60 });
    assert.equal((server.log().match(/database is away/g) ?? []).length, 1, 'it is said once');

    await Promise.all([logger.close(), stranger.close()]);
    await server.stop();
    const verified = JSON.parse(yuhengOk(['log', 'verify', '--data', dir]));
    assert.ok(verified.records >= sent);
    assert.match(yuhengOk(['rebuild', '--check', '--data', dir, '--db', db]), /identical/);
});

test('a server whose database is away does not start, and says why', () => {
    const pg = startPostgresql();
    const { dir, db } = prepare(pg);
    pg.stop();
    const r = yuheng(['serve', '--data', dir, '--db', db, '--http', '127.0.0.1:0', '--gate', '127.0.0.1:0']);
    assert.equal(r.status, 1);
    assert.match(r.stderr, /yuheng: serve: PostgreSQL .* is not available/);
});
