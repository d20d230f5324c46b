// Hostile loggers and hostile browsers against the real program: what they send is kept, and nobody else feels it.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Client, openEvents } from './lib/client.mjs';
import { Logger, frame, newQn, stamp, wrap } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, startServer, tempDir, yuheng, yuhengOk } from './lib/yuheng.mjs';

const MN = '010000A8900016F000169DC0';
const OTHER = '010000A8900016F000169DC1';
const PASSWORD = 'Correct-horse-7-battery';
const admission = {
    name: '示范·总排口站', enterprise_name: '示范·测试水务', outlet_code: 'DW001', outlet_name: '总排口',
    medium: 'water', region_code: '500107',
};
const base = Math.floor(Date.now() / 60000) * 60000 - 60000;

async function start(t, { admitted = [MN] } = {}) {
    const dir = tempDir();
    addUser(dir, 'officer', 'duty', PASSWORD);
    addUser(dir, 'looker', 'viewer', PASSWORD);
    const server = await startServer(t, { dir });
    const client = new Client(server.url);
    await client.signIn('officer', PASSWORD);
    for (const [i, mn] of admitted.entries()) await admit(server, client, mn, { outlet_code: `DW00${i + 1}` });
    return { dir, server, client };
}

async function admit(server, client, mn, more = {}) {
    const logger = await Logger.open(server.gate);
    logger.write(frame({ qn: newQn(), mn, cn: '9021', flag: 4 }));
    await waitUntil(async () => (await client.get('/api/v1/stations/unknown?limit=500')).items.find((u) => u.mn === mn), { what: `${mn} is offered` });
    await logger.close();
    return client.post(`/api/v1/stations/unknown/${mn}/admit`, { ...admission, ...more });
}

const data = (mn, dataTime, cells) => frame({ qn: newQn(), mn, cp: `DataTime=${dataTime};${cells}` });
const value = (n) => `w01018-Rtd=${n},w01018-Flag=N`;
const iso = (ms) => encodeURIComponent(new Date(ms).toISOString());

async function reaches(client, mn, wanted, { from = base - 3600_000, to = base + 3600_000, factor = 'w01018' } = {}) {
    return waitUntil(async () => {
        const s = await client.get(`/api/v1/stations/${mn}/series?factor=${factor}&from=${iso(from)}&to=${iso(to)}`);
        return s.points.some((p) => p.value === wanted) && s.points;
    }, { what: `the value ${wanted}`, deadline: 10_000 });
}

function checkRebuild(dir) {
    const verified = yuheng(['log', 'verify', '--data', dir]);
    assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    const rebuilt = yuheng(['rebuild', '--check', '--data', dir]);
    assert.equal(rebuilt.status, 0, rebuilt.stdout + rebuilt.stderr);
}

test('data times outside of every calendar harm nobody', async (t) => {
    const { dir, server, client } = await start(t);
    const logger = await Logger.open(server.gate);
    const times = ['00010101000000', '00010101075959', '19700101000000', '20990101000000', '99991231235959', '99991231235959999',
        '00000000000000', '2099010100000', '20990101000000000', '20261301000000', '', 'abc', '20260230000000'];
    await logger.sendRealtime(MN, { w01018: '5.0' }, { time: base });
    for (let round = 0; round < 5; round++)
        for (const time of times) await logger.send(data(MN, time, value('6.6')));
    const sent = Date.now();
    await logger.sendRealtime(MN, { w01018: '7.0' }, { time: base + 1000 });
    await reaches(client, MN, '7.0');
    t.diagnostic(`seen after ${Date.now() - sent} ms`);
    const station = await client.get(`/api/v1/stations/${MN}`);
    assert.equal(station.latest.find((l) => l.factor === 'w01018').value, '7.0');
    await logger.close();
    await server.stop();
    assert.doesNotMatch(server.log(), /ERROR/);
    checkRebuild(dir);
});

test('a station that invents factors without end costs only itself', async (t) => {
    const { dir, server, client } = await start(t, { admitted: [MN, OTHER] });
    const logger = await Logger.open(server.gate);
    let n = 0;
    const cells = () => Array.from({ length: 150 }, () => `x${(n++).toString(36)}-Rtd=1,x-Flag=N`).join(';');
    for (let i = 0; i < 120; i++) await logger.send(data(MN, stamp(base + i * 1000, 14), cells()));
    const sent = Date.now();
    await logger.sendRealtime(OTHER, { w01018: '7.0' }, { time: base });
    await reaches(client, OTHER, '7.0');
    t.diagnostic(`${n} factors; seen after ${Date.now() - sent} ms`);
    await client.get(`/api/v1/stations/${MN}`);
    await client.get('/api/v1/stations');
    await logger.close();
    await server.stop();
    assert.doesNotMatch(server.log(), /ERROR/);
    checkRebuild(dir);
});
