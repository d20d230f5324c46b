// Agencies, officers, the three administrators, grants, and what a person of limited scope sees of everything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, openEvents } from './lib/client.mjs';
import { Logger } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, demoInit, startServer, tempDir } from './lib/yuheng.mjs';

const PASSWORD = 'Correct-horse-7-battery';
const FRESH = 'Another-horse-8-battery';
const ADMINS = ['sysadmin', 'secadmin', 'auditor'];

async function signedIn(server, username, password = PASSWORD) {
    const client = new Client(server.url);
    await client.signIn(username, password);
    return client;
}

// A server with the three administrators and one account per further role given, all with PASSWORD.
async function start(t, { roles = [], demo = false } = {}) {
    const dir = tempDir();
    const made = demo ? demoInit(dir).accounts : [];
    for (const role of [...ADMINS, ...roles]) addUser(dir, `t-${role}`, role, PASSWORD);
    const server = await startServer(t, { dir });
    const clients = {};
    for (const role of [...ADMINS, ...roles]) clients[role] = await signedIn(server, `t-${role}`);
    return { dir, server, made, ...clients };
}

const codeOf = (station) => station.region.code;

// A new account of the system administrator, signed in with a password of its own. It has no role yet.
async function newPerson(server, sysadmin, username, owner = {}) {
    const { password } = await sysadmin.post('/api/v1/accounts', { username, name: username, ...owner });
    const first = await signedIn(server, username, password);
    await first.problem('GET', '/api/v1/agencies', undefined, 403, 'must_change');
    await first.ok('PUT', '/api/v1/session/password', { current: password, password: FRESH });
    return () => signedIn(server, username, FRESH);
}

const grant = (secadmin, username, role, scope, items) =>
    secadmin.post('/api/v1/grants', { username, role, scope, ...(items ? { items } : {}), reason: '测试' });

// ---- every route × every role

const SAMPLE = { mn: 'NOBODY0000000000000000AA', seq: '999999999', id: '1', username: 'nobody', department: '1' };
const fill = (path) => path.replace(/\{(\w+)\}/g, (_, name) => SAMPLE[name] ?? '1');

test('every route opens to the roles the matrix names, and to no other', async (t) => {
    const { server, dir, secadmin, admin } = await start(t, { demo: true, roles: ['admin'] });
    const matrix = await secadmin.get('/api/v1/roles');
    const described = await new Client(server.url).get('/api/v1/openapi.json');
    const inDocument = Object.entries(described.paths).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m.toUpperCase()} ${path}`));
    const own = ['GET /api/v1/events', 'GET /api/v1/openapi.json'];
    assert.deepEqual(matrix.routes.map((r) => `${r.method} ${r.path}`).sort(), inDocument.filter((r) => !own.includes(r)).sort());
    for (const r of matrix.routes) {
        const names = matrix.roles.filter((role) => r.permission === null || r.permission === '' || role.permissions.includes(r.permission));
        assert.deepEqual(r.roles, names.map((role) => role.name), `${r.method} ${r.path}`);
    }
    const persons = [null];
    for (const role of matrix.roles) {
        // roles that cannot be given without naming records are not created by the command line
        const scoped = ['firm', 'expert', 'third'].includes(role.name);
        if (scoped) continue;
        if (![...ADMINS, 'admin'].includes(role.name)) addUser(dir, `t-${role.name}`, role.name, PASSWORD);
        persons.push([role.name, await signedIn(server, `t-${role.name}`)]);
    }
    const regions = (await secadmin.get('/api/v1/regions')).items;
    for (const name of ['expert', 'third']) {
        const sysadmin = persons.find((p) => p && p[0] === 'sysadmin')[1];
        const open = await newPerson(server, sysadmin, `t-${name}`);
        await grant(secadmin, `t-${name}`, name, 'region', [{ kind: 'region', key: regions[0].code }]);
        persons.push([name, await open()]);
    }
    const [station] = (await admin.get('/api/v1/stations?limit=1')).items;
    const own_firm = await newPerson(server, persons.find((p) => p && p[0] === 'sysadmin')[1], 't-firm', { enterprise_id: station.enterprise.id });
    await grant(secadmin, 't-firm', 'firm', 'self');
    persons.push(['firm', await own_firm()]);
    const theirs = (await persons.at(-1)[1].all('/api/v1/stations')).map((s) => s.enterprise.id);
    assert.ok(theirs.length > 0 && theirs.every((id) => id === station.enterprise.id), 'a firm sees its own stations');
    assert.deepEqual(persons.slice(1).map((p) => p[0]).sort(), matrix.roles.map((r) => r.name).sort(), 'every role walks');
    let walked = 0;
    for (const r of matrix.routes) {
        if (r.path === '/api/v1/session' || r.path === '/api/v1/session/password') continue; // they end the session
        for (const person of persons) {
            const client = person ? person[1] : new Client(server.url);
            const { status, body } = await client.request(r.method, fill(r.path), ['POST', 'PUT', 'PATCH'].includes(r.method) ? {} : undefined);
            const who = person ? person[0] : 'nobody';
            const what = `${who}: ${r.method} ${r.path} → ${status} ${JSON.stringify(body).slice(0, 200)}`;
            if (r.permission === null) assert.ok(![401].includes(status), what);
            else if (!person) assert.equal(status, 401, what);
            else if (r.permission === '' || r.roles.includes(who)) assert.ok(status !== 401 && status < 500 && !(status === 403 && body.code === 'denied'), what);
            else assert.equal(status, 403, what);
            walked++;
        }
    }
    assert.ok(walked > 500, `${walked} calls`);
});

// ---- the three administrators

test('none of the three administrators can do the work of another, and none sees data', async (t) => {
    const { sysadmin, secadmin, auditor, server } = await start(t, { demo: true });
    for (const client of [sysadmin, secadmin, auditor])
        for (const path of ['/api/v1/stations', '/api/v1/overview', '/api/v1/connections', '/api/v1/officers', '/api/v1/frames/0', '/api/v1/evidence'])
            await client.problem('GET', path, undefined, 403);
    const open = await newPerson(server, sysadmin, 'li-si');
    await sysadmin.problem('POST', '/api/v1/grants', { username: 'li-si', role: 'duty', scope: 'all' }, 403);
    await secadmin.problem('POST', '/api/v1/accounts', { username: 'other', name: '其他' }, 403);
    await auditor.problem('POST', '/api/v1/accounts', { username: 'other', name: '其他' }, 403);
    await auditor.problem('GET', '/api/v1/grants', undefined, 403);
    let person = await open();
    await person.problem('GET', '/api/v1/stations', undefined, 403);

    // no combination with another role, in either order
    await grant(secadmin, 'li-si', 'duty', 'all');
    for (const role of ADMINS) {
        const p = await secadmin.problem('POST', '/api/v1/grants', { username: 'li-si', role, scope: 'none' }, 409, 'conflict');
        assert.match(p.title, /三员分立/);
    }
    await secadmin.problem('POST', '/api/v1/grants', { username: 't-sysadmin', role: 'duty', scope: 'all' }, 409);
    await secadmin.problem('POST', '/api/v1/grants', { username: 't-auditor', role: 'sysadmin', scope: 'none' }, 409);
    // not to oneself, not off oneself, not off the last one
    await secadmin.problem('POST', '/api/v1/grants', { username: 't-secadmin', role: 'secadmin', scope: 'none' }, 403);
    const grants = await secadmin.all('/api/v1/grants');
    const of = (username) => grants.find((g) => g.username === username);
    await secadmin.problem('POST', `/api/v1/grants/${of('t-secadmin').id}/end`, undefined, 403);
    await secadmin.post(`/api/v1/grants/${of('t-sysadmin').id}/end`); // the demo's one is left
    await secadmin.problem('POST', `/api/v1/grants/${of('sysadmin').id}/end`, undefined, 409);
    // the one who lost the role notices at once
    await sysadmin.problem('GET', '/api/v1/accounts', undefined, 403);
    // what concerns an administrator's own account is not done by another
    const again = await newAdministrator(server, secadmin);
    for (const path of ['password', 'disable', 'enable'])
        await again.problem('POST', `/api/v1/accounts/t-secadmin/${path}`, undefined, 403);
    person = await open();
    assert.ok((await person.get('/api/v1/stations')).total > 0);
    await again.post('/api/v1/accounts/li-si/disable');
    await person.problem('GET', '/api/v1/stations', undefined, 401);
});

// A system administrator made while the server runs (grants end and begin).
async function newAdministrator(server, secadmin) {
    addUser(server.dir, 't-second', 'sysadmin', PASSWORD);
    assert.ok((await secadmin.all('/api/v1/accounts')).some((a) => a.username === 't-second' && a.roles.includes('sysadmin')));
    return signedIn(server, 't-second');
}

// ---- lists of two people

test('every list is the full list filtered by scope, and what lies outside does not exist', async (t) => {
    const { server, sysadmin, secadmin, admin } = await start(t, { demo: true, roles: ['admin'] });
    const all = await admin.all('/api/v1/stations');
    const regions = [...new Set(all.map(codeOf))].filter(Boolean);
    assert.ok(regions.length >= 2, 'the demo has stations in several regions');
    const enterprise = all.find((s) => codeOf(s) === regions[1]);

    // somebody reports, so that there are connections, frames and growth to look at
    const loggers = [];
    for (const s of [all.find((x) => codeOf(x) === regions[0]), enterprise]) {
        const logger = await Logger.open(server.gate);
        await logger.sendRealtime(s.mn, { w01018: '12.5' }, { time: Date.now() - 60_000 });
        loggers.push(logger);
    }
    const stranger = await Logger.open(server.gate);
    await stranger.sendRealtime('STRANGER0000000000000001', { w01018: '1.5' }, { time: Date.now() - 60_000 });
    t.after(() => [...loggers, stranger].forEach((l) => l.close()));
    await waitUntil(async () => (await admin.get('/api/v1/stations/unknown')).total === 1 && (await admin.get('/api/v1/connections')).total === 3,
        { deadline: 20_000, what: 'three senders seen' });

    const wide = { admin };
    for (const [name, scope, items] of [['one', 'region', [{ kind: 'region', key: regions[0] }]],
        ['two', 'list', [{ kind: 'station', key: enterprise.mn }]]]) {
        const open = await newPerson(server, sysadmin, `p-${name}`);
        await grant(secadmin, `p-${name}`, 'duty', scope, items);
        wide[name] = await open();
    }
    const inside = { one: (s) => codeOf(s) === regions[0], two: (s) => s.mn === enterprise.mn };
    for (const name of ['one', 'two']) {
        const me = wide[name], mine = all.filter(inside[name]), others = all.filter((s) => !inside[name](s));
        const mns = new Set(mine.map((s) => s.mn));
        assert.ok(mine.length && others.length);
        assert.deepEqual((await me.all('/api/v1/stations', 1)).map((s) => s.mn), mine.map((s) => s.mn));
        for (const q of ['state=never', 'medium=water', 'medium=air', 'exceeding=true', 'q=示范'])
            assert.deepEqual((await me.all(`/api/v1/stations?${q}`)).map((s) => s.mn),
                (await admin.all(`/api/v1/stations?${q}`)).filter(inside[name]).map((s) => s.mn), q);
        const overview = await me.get('/api/v1/overview');
        assert.equal(overview.stations.total, mine.length);
        assert.equal(overview.stations.unknown_mn, 0);
        assert.equal(overview.media.reduce((n, m) => n + m.total, 0), mine.length);
        assert.deepEqual((await me.get('/api/v1/stations/unknown')).items, []);
        const connections = (await admin.get('/api/v1/connections')).items;
        assert.deepEqual((await me.get('/api/v1/connections')).items.map((c) => c.id),
            connections.filter((c) => c.stations.some((s) => mns.has(s.mn))).map((c) => c.id));
        const growth = (await admin.get('/api/v1/evidence/growth')).items;
        assert.deepEqual((await me.get('/api/v1/evidence/growth')).items, growth.filter((r) => mns.has(r.mn)));
        assert.equal((await me.get('/api/v1/relays')).total, 0);

        for (const path of ['', '/frames', '/series?factor=w01018&kind=rtd', '/versions?factor=w01018&kind=rtd&time=2026-11-25T00:00:00%2B08:00']) {
            assert.equal((await me.request('GET', `/api/v1/stations/${mine[0].mn}${path}`)).status, 200, path);
            await me.problem('GET', `/api/v1/stations/${others[0].mn}${path}`, undefined, 404, 'not_found');
        }
        await me.problem('PATCH', `/api/v1/stations/${others[0].mn}/profile`, { dialect: 'standard' }, 404);
        await me.problem('POST', '/api/v1/stations/unknown/STRANGER0000000000000001/admit', {
            name: 'x', enterprise_name: 'x', outlet_code: 'DW001', outlet_name: 'x', medium: 'water', region_code: regions[0] }, 404);
        for (const c of connections) {
            const seq = c.stations[0].last_seq;
            const status = mns.has(c.stations[0].mn) ? 200 : 404;
            assert.equal((await me.request('GET', `/api/v1/frames/${seq}`)).status, status);
            assert.equal((await me.request('GET', `/api/v1/frames/${seq}/proof`)).status, status);
        }
    }

    // events: of two stations the person hears the one in reach
    const events = await openEvents(wide.one);
    t.after(() => events.close());
    for (const logger of [...loggers].reverse())
        await logger.sendRealtime(logger === loggers[0] ? all.find((x) => codeOf(x) === regions[0]).mn : enterprise.mn, { w01018: '13.5' }, { time: Date.now() - 30_000 });
    const heard = await events.next('value');
    assert.equal(heard.data.mn, all.find((x) => codeOf(x) === regions[0]).mn, 'the other one came first and was not heard');

    // a grant that ends takes the sight with it
    const grants = (await secadmin.get('/api/v1/grants?username=p-one')).items;
    await secadmin.post(`/api/v1/grants/${grants[0].id}/end`);
    await wide.one.problem('GET', '/api/v1/stations', undefined, 403);
});

// ---- the tree, its dates, and whom it lets see what

const LIANGJIANG = '2025-11-06';

test('two districts became one: the tree, the regions and what people see follow the day', async (t) => {
    const { server, sysadmin, secadmin, personnel, admin } = await start(t, { roles: ['personnel', 'admin'], demo: true });
    const before = await personnel.get('/api/v1/agencies?day=2025-11-05'), after = await personnel.get(`/api/v1/agencies?day=${LIANGJIANG}`);
    const names = (tree) => tree.items.map((a) => a.name);
    assert.equal(before.total, 2 + 40); // without 两江新区
    assert.equal(after.total, 2 + 39);  // without 江北 and 渝北
    assert.ok(names(before).some((n) => n.startsWith('江北区')) && !names(after).some((n) => n.startsWith('江北区')));
    const merged = after.items.find((a) => a.name.startsWith('两江新区'));
    const jiangbei = before.items.find((a) => a.name.startsWith('江北区'));
    assert.deepEqual([jiangbei.valid_from, jiangbei.valid_to, jiangbei.successor_id], [null, LIANGJIANG, merged.id]);
    const page = await personnel.get(`/api/v1/agencies/${merged.id}`);
    assert.deepEqual(page.regions.map((r) => r.code).sort(), ['500105', '500112', '500194X']);

    // an officer of the new team sees what lies in the two old districts
    const hire = (staff_no, agency_id, more = {}) => personnel.post('/api/v1/officers', {
        staff_no, name: `张${staff_no}`, agency_id, establishment: 'administrative', enforcement: true, status: 'on_post', valid_from: '2025-12-01', ...more });
    const officer = await hire('0001', merged.id);
    const open = await newPerson(server, sysadmin, 'zhang', { officer_id: officer.id });
    await grant(secadmin, 'zhang', 'inspector', 'agency');
    const reach = async () => (await secadmin.get('/api/v1/accounts/zhang/reach')).items
        .filter((r) => r.permission === 'station:read' && r.kind === 'region').map((r) => r.key).sort();
    assert.deepEqual(await reach(), ['500105', '500112', '500194X']);
    let zhang = await open();
    const all = await admin.all('/api/v1/stations');
    const expected = (codes) => all.filter((s) => codes.includes(codeOf(s))).map((s) => s.mn);
    assert.deepEqual((await zhang.all('/api/v1/stations')).map((s) => s.mn), expected(['500105', '500112', '500194X']));
    const fellow = await hire('0002', merged.id), stranger = await hire('0003', before.items.find((a) => a.code === 'CQ-500101').id);
    assert.deepEqual((await zhang.all('/api/v1/officers')).map((o) => o.staff_no), ['0001', '0002']);
    await zhang.problem('GET', `/api/v1/officers/${stranger.id}`, undefined, 404);
    assert.equal((await zhang.get(`/api/v1/officers/${fellow.id}`)).name, '张0002');

    // moved to 万州: the sight moves along; the history stays
    const wanzhou = before.items.find((a) => a.code === 'CQ-500101').id;
    await personnel.post(`/api/v1/officers/${officer.id}/changes`, {
        agency_id: wanzhou, establishment: 'administrative', enforcement: true, status: 'on_post', basis: '调动', valid_from: '2026-01-01' });
    assert.deepEqual(await reach(), ['500101']);
    await waitUntil(async () => (await zhang.request('GET', '/api/v1/officers')).status === 200);
    assert.deepEqual((await zhang.all('/api/v1/officers')).map((o) => o.staff_no), ['0001', '0003']);
    const history = (await personnel.get(`/api/v1/officers/${officer.id}`)).history;
    assert.deepEqual(history.map((h) => [h.valid_from, h.valid_to, h.agency_id]),
        [['2026-01-01', null, wanzhou], ['2025-12-01', '2026-01-01', merged.id]]);

    // a new agency under 万州 is seen by who sees 万州 and below, from its day on
    const below = await newPerson(server, sysadmin, 'wang', { officer_id: stranger.id });
    await grant(secadmin, 'wang', 'leader', 'agency_below');
    const section = await personnel.post('/api/v1/agencies', {
        code: 'WZ-1', name: '万州区第一大队', kind: 'team', parent_id: wanzhou, regions: ['500102'], valid_from: '2026-01-01' });
    await hire('0004', section.id, { valid_from: '2026-02-01' });
    const wang = await below();
    assert.deepEqual((await wang.all('/api/v1/officers')).map((o) => o.staff_no), ['0001', '0003', '0004']);
    assert.deepEqual((await zhang.all('/api/v1/officers')).map((o) => o.staff_no), ['0001', '0003']);
    assert.deepEqual((await wang.all('/api/v1/officers?day=2026-01-15')).map((o) => o.staff_no), ['0001', '0003']);
});

test('posts used and people on duty are counted from the rows of the day', async (t) => {
    const { personnel } = await start(t, { roles: ['personnel'] });
    const tree = await personnel.get('/api/v1/agencies');
    const [a, b] = ['CQ-500101', 'CQ-500102'].map((code) => tree.items.find((x) => x.code === code).id);
    await personnel.ok('PUT', `/api/v1/agencies/${a}/establishment`, { kind: 'administrative', approved: 4, basis: '渝编〔2020〕1 号', valid_from: '2020-01-01' });
    await personnel.ok('PUT', `/api/v1/agencies/${a}/establishment`, { kind: 'administrative', approved: 6, basis: '渝编〔2024〕9 号', valid_from: '2024-01-01' });
    const hire = (staff_no, more) => personnel.post('/api/v1/officers', { staff_no, name: '某', agency_id: a, establishment: 'administrative',
        enforcement: true, status: 'on_post', valid_from: '2021-01-01', ...more });
    const first = await hire('1', {});
    await hire('2', {});
    await hire('3', { status: 'mixed', work_agency_id: tree.items.find((x) => x.code === 'CQ').id });
    await hire('4', { status: 'loan', work_agency_id: b });
    await hire('5', { establishment: 'none' });
    await hire('6', { enforcement: false, valid_from: '2025-01-01' });
    await hire('7', { agency_id: b, status: 'loan', work_agency_id: a });
    const staffing = async (day) => (await personnel.get(`/api/v1/agencies/${a}?day=${day}`)).staffing;
    const then = await staffing('2023-06-01'), now = await staffing('2026-06-01');
    assert.deepEqual([then.post_use, then.on_duty], [{ numerator: 4, denominator: 4, percent: '100.0' }, { numerator: 2, denominator: 4, percent: '50.0' }]);
    assert.deepEqual([now.post_use, now.on_duty], [{ numerator: 5, denominator: 6, percent: '83.3' }, { numerator: 2, denominator: 5, percent: '40.0' }]);
    assert.deepEqual([now.mixed, now.loaned_out, now.on_leave, now.other, now.loaned_in, now.without_post], [1, 1, 0, 1, 1, 1]);
    // the rows behind the figure
    assert.deepEqual((await personnel.all(`/api/v1/officers?agency=${a}&status=on_post&enforcement=true&establishment=administrative&day=2026-06-01`)).map((o) => o.staff_no), ['1', '2']);
    await personnel.post(`/api/v1/officers/${first.id}/leave`, { valid_to: '2026-07-01' });
    assert.equal((await staffing('2026-06-30')).on_duty.numerator, 2);
    assert.equal((await staffing('2026-07-01')).on_duty.numerator, 1);
    const empty = (await personnel.get(`/api/v1/agencies/${b}?day=2020-06-01`)).staffing;
    assert.equal(empty.post_use.percent, null, 'no posts, no rate');
});

// ---- who could see it

test('who could see a station at a time', async (t) => {
    const { server, sysadmin, secadmin, auditor, admin } = await start(t, { demo: true, roles: ['admin'] });
    const [station] = (await admin.get('/api/v1/stations?limit=1')).items;
    const trace = async (at) => (await auditor.get(`/api/v1/trace/stations/${station.mn}${at ? `?at=${encodeURIComponent(at)}` : ''}`)).items.map((w) => w.username);
    const open = await newPerson(server, sysadmin, 'li-si');
    await open();
    assert.ok(!(await trace()).includes('li-si'));
    const g = await grant(secadmin, 'li-si', 'expert', 'list', [{ kind: 'station', key: station.mn }]);
    assert.ok((await trace()).includes('li-si') && (await trace()).includes('t-admin'));
    const during = g.valid_from;
    await secadmin.post(`/api/v1/grants/${g.id}/end`);
    assert.ok(!(await trace()).includes('li-si'));
    assert.ok((await trace(during)).includes('li-si'), 'the past is not rewritten');
    assert.ok(!(await trace(new Date(Date.now() - 86_400_000).toISOString())).includes('li-si'));
    await auditor.problem('GET', '/api/v1/trace/stations/NOBODY', undefined, 404);
});

// ---- bad input

test('bad input is refused with its field and changes nothing', async (t) => {
    const { sysadmin, secadmin, personnel } = await start(t, { roles: ['personnel'] });
    const tree = await personnel.get('/api/v1/agencies');
    const root = tree.items.find((a) => a.code === 'CQ').id, team = tree.items.find((a) => a.code === 'CQ-500101').id;
    const officer = { staff_no: '1', name: '张三', agency_id: team, establishment: 'administrative', enforcement: true, status: 'on_post' };
    const made = await personnel.post('/api/v1/officers', { ...officer, valid_from: '2026-01-01' });
    const refused = [
        [personnel, 'GET', '/api/v1/agencies?day=2026-02-30', undefined, 422],
        [personnel, 'GET', '/api/v1/agencies?day=gestern', undefined, 400],
        [personnel, 'GET', '/api/v1/agencies/0', undefined, 404],
        [personnel, 'GET', '/api/v1/agencies/abc', undefined, 404],
        [personnel, 'GET', '/api/v1/agencies/9999999999999999999999', undefined, 404],
        [personnel, 'POST', '/api/v1/agencies', { code: 'X', name: 'x', kind: 'circus', parent_id: root }, 422],
        [personnel, 'POST', '/api/v1/agencies', { code: 'CQ', name: 'x', kind: 'team', parent_id: root }, 409],
        [personnel, 'POST', '/api/v1/agencies', { code: 'X', name: ' x', kind: 'team', parent_id: root }, 422],
        [personnel, 'POST', '/api/v1/agencies', { code: 'X', name: 'x', kind: 'team', parent_id: 17 }, 422],
        [personnel, 'POST', '/api/v1/agencies', { code: 'X', name: 'x', kind: 'team', parent_id: root, regions: ['1'] }, 422],
        [personnel, 'POST', '/api/v1/agencies', { code: 'X', name: 'x', kind: 'team', parent_id: root, more: 1 }, 422],
        [personnel, 'PUT', `/api/v1/agencies/${root}`, { name: 'x', kind: 'bureau', parent_id: team }, 422], // under itself
        [personnel, 'PUT', `/api/v1/agencies/${team}`, { name: 'x', kind: 'team', parent_id: root, valid_from: '2026-13-01' }, 422],
        [personnel, 'POST', `/api/v1/agencies/${root}/end`, { valid_to: '2026-06-01' }, 409], // others are under it
        [personnel, 'POST', `/api/v1/agencies/${team}/end`, { valid_to: '2026-06-01' }, 409], // somebody works there
        [personnel, 'POST', `/api/v1/agencies/${team}/departments`, { name: '' }, 422],
        [personnel, 'POST', `/api/v1/agencies/${team}/departments/5/end`, {}, 404],
        [personnel, 'PUT', `/api/v1/agencies/${team}/establishment`, { kind: 'none', approved: 1 }, 422],
        [personnel, 'PUT', `/api/v1/agencies/${team}/establishment`, { kind: 'worker', approved: -1 }, 422],
        [personnel, 'POST', '/api/v1/officers', officer, 409],
        [personnel, 'POST', '/api/v1/officers', { ...officer, staff_no: '2', agency_id: 5 }, 422],
        [personnel, 'POST', '/api/v1/officers', { ...officer, staff_no: '2', status: 'loan' }, 422],
        [personnel, 'POST', '/api/v1/officers', { ...officer, staff_no: '2', work_agency_id: root }, 422],
        [personnel, 'POST', '/api/v1/officers', { ...officer, staff_no: '2', work_department_id: 9 }, 422],
        [personnel, 'POST', '/api/v1/officers', { ...officer, staff_no: 'a\u0007' }, 422],
        [personnel, 'POST', '/api/v1/officers', { ...officer, staff_no: '2', enforcement: 'yes' }, 422],
        [personnel, 'POST', `/api/v1/officers/${made.id}/changes`, { ...officer, staff_no: undefined, name: undefined, valid_from: '2025-12-31' }, 409],
        [personnel, 'POST', `/api/v1/officers/${made.id}/leave`, { valid_to: '2025-12-31' }, 409],
        [personnel, 'POST', '/api/v1/officers/5/leave', {}, 404],
        [sysadmin, 'POST', '/api/v1/accounts', { username: 'Bad Name', name: 'x' }, 422],
        [sysadmin, 'POST', '/api/v1/accounts', { username: 't-sysadmin', name: 'x' }, 409],
        [sysadmin, 'POST', '/api/v1/accounts', { username: 'x-1', name: 'x', officer_id: 5 }, 422],
        [sysadmin, 'POST', '/api/v1/accounts', { username: 'x-1', name: 'x', role: 'admin' }, 422], // no way to bring a role along
        [sysadmin, 'POST', '/api/v1/accounts/nobody/disable', undefined, 404],
        [sysadmin, 'PUT', '/api/v1/accounts/t-personnel/owner', { officer_id: made.id }, 409], // it has a grant
        [secadmin, 'POST', '/api/v1/grants', { username: 'nobody', role: 'duty', scope: 'all' }, 404],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'king', scope: 'all' }, 422],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'duty', scope: 'galaxy' }, 422],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'duty', scope: 'region' }, 422],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'duty', scope: 'region', items: [{ kind: 'region', key: '500000' }] }, 422],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'duty', scope: 'region', items: [{ kind: 'station', key: 'x' }] }, 422],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'duty', scope: 'agency' }, 422], // no officer behind it
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'firm', scope: 'self' }, 422],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'firm', scope: 'all' }, 422],
        [secadmin, 'POST', '/api/v1/grants', { username: 't-personnel', role: 'duty', scope: 'all', valid_to: '2020-01-01T00:00:00+08:00' }, 422],
        [secadmin, 'POST', '/api/v1/grants/5/end', undefined, 404],
        [secadmin, 'GET', '/api/v1/grants?username=nobody', undefined, 404],
        [secadmin, 'GET', '/api/v1/grants?cursor=x', undefined, 422],
        [secadmin, 'GET', '/api/v1/accounts/nobody/reach', undefined, 404],
    ];
    const counted = async () => [(await personnel.get('/api/v1/agencies')).total, (await personnel.get('/api/v1/officers')).total,
        (await sysadmin.get('/api/v1/accounts')).total, (await secadmin.all('/api/v1/grants')).length];
    const before = await counted();
    for (const [client, method, path, body, status] of refused) {
        const p = await client.problem(method, path, body, status);
        assert.match(p.title, /[\u4e00-\u9fff]/, `${method} ${path}: a sentence for people`);
    }
    assert.deepEqual(await counted(), before);
});

test('a district\'s personnel officer works within the district', async (t) => {
    const { server, sysadmin, secadmin, personnel } = await start(t, { roles: ['personnel'] });
    const tree = await personnel.get('/api/v1/agencies');
    const [mine, other] = ['CQ-500101', 'CQ-500102'].map((code) => tree.items.find((x) => x.code === code).id);
    const open = await newPerson(server, sysadmin, 'local');
    await grant(secadmin, 'local', 'personnel', 'list', [{ kind: 'agency', key: String(mine) }]);
    const local = await open();
    const officer = { name: '张三', establishment: 'administrative', enforcement: true, status: 'on_post', valid_from: '2026-01-01' };
    const ours = await local.post('/api/v1/officers', { ...officer, staff_no: '1', agency_id: mine });
    await local.problem('POST', '/api/v1/officers', { ...officer, staff_no: '2', agency_id: other }, 422);
    const theirs = await personnel.post('/api/v1/officers', { ...officer, staff_no: '3', agency_id: other });
    await local.problem('POST', `/api/v1/officers/${theirs.id}/leave`, { valid_to: '2026-02-01' }, 404);
    await local.problem('PUT', `/api/v1/agencies/${other}`, { name: 'x', kind: 'team', parent_id: mine }, 404);
    await local.problem('PUT', `/api/v1/agencies/${mine}`, { name: '万州', kind: 'team', parent_id: other, valid_from: '2026-02-01' }, 422);
    await local.problem('POST', '/api/v1/agencies', { code: 'TOP', name: '自立', kind: 'team', valid_from: '2026-02-01' }, 422);
    await local.ok('POST', `/api/v1/agencies/${mine}/departments`, { name: '综合科' });
    assert.equal((await local.get(`/api/v1/officers/${ours.id}`)).history.length, 1);
});
