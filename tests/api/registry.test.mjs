// Lists, saved views, export and import, through the list of stations.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { Client } from './lib/client.mjs';
import { Logger } from './lib/hj212.mjs';
import { waitUntil } from './lib/wait.mjs';
import { addUser, startServer, tempDir } from './lib/yuheng.mjs';

const LIST = '/api/v1/registry/stations';
const HEAD = '设备编码,站点名称,企业名称,统一社会信用代码,区县,排口编号,排口名称,介质,系统编码,协议版本,访问密码,分钟数据间隔';
const row = (i, more = {}) => {
    const v = { mn: `TEST${String(i).padStart(8, '0')}`, name: `站点${i}`, firm: `示范企业${String(i % 7)}`, credit: '', region: i % 2 ? '北碚区' : '500103', outlet: `DW${String(1 + Math.floor(i / 7)).padStart(3, '0')}`,
        outletName: '总排口', medium: '废水', st: '32', edition: i % 3 ? '2017' : '', password: i % 5 ? '' : '123456', interval: '', ...more };
    return Object.values(v).join(',');
};
const csv = (rows) => Buffer.from(`\ufeff${HEAD}\r\n${rows.join('\r\n')}\r\n`);

let server, admin, viewer;
before(async (t) => {
    const dir = tempDir();
    await addUser(dir, 'chief', 'admin', 'correct-horse-1');
    await addUser(dir, 'guest', 'viewer', 'correct-horse-2');
    server = await startServer(t, { dir });
    admin = new Client(server.url);
    viewer = new Client(server.url);
    await admin.signIn('chief', 'correct-horse-1');
    await viewer.signIn('guest', 'correct-horse-2');
});
after(async () => server?.stop());

async function send(client, path, bytes, headers = {}) {
    const r = await fetch(server.url + path, { method: 'POST', body: bytes, headers: { cookie: client.cookie, 'X-CSRF-Token': client.csrf, 'Content-Type': 'application/octet-stream', ...headers } });
    const json = /json/.test(r.headers.get('content-type') ?? '');
    return { status: r.status, headers: r.headers, body: json ? await r.json() : Buffer.from(await r.arrayBuffer()) };
}
async function download(client, path) {
    const r = await fetch(server.url + path, { headers: { cookie: client.cookie } });
    assert.equal(r.status, 200, path);
    return { headers: r.headers, bytes: Buffer.from(await r.arrayBuffer()) };
}

// The worksheet of a workbook: its XML out of the zip archive.
function worksheet(bytes) {
    let at = bytes.readUInt32LE(bytes.lastIndexOf(Buffer.from('PK\x05\x06')) + 16);
    while (bytes.readUInt32LE(at) === 0x02014b50) {
        const nameLength = bytes.readUInt16LE(at + 28);
        const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
        const local = bytes.readUInt32LE(at + 42);
        const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
        if (name === 'xl/worksheets/sheet1.xml') return zlib.inflateRawSync(bytes.subarray(from, from + bytes.readUInt32LE(at + 20))).toString();
        at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    }
    throw new Error('no worksheet');
}

test('an import is tried, refused row by row, done once, and done again without effect', async () => {
    const good = csv(Array.from({ length: 60 }, (_, i) => row(i)));
    const tried = await send(admin, `${LIST}/import`, good);
    assert.equal(tried.status, 200, JSON.stringify(tried.body));
    assert.deepEqual([tried.body.rows, tried.body.failed, tried.body.committed], [60, 0, false], JSON.stringify(tried.body.problems[0]));
    assert.equal(tried.body.preview[0].values[4], '500103');
    assert.equal((await admin.get(LIST)).total, 0, 'a trial leaves nothing behind');

    const bad = csv([row(1), row(2, { medium: '光' }), row(3, { region: '不存在县' }), row(4, { firm: '' }), row(1, { firm: '另一家企业' }), row(6, { credit: '123' })]);
    const refused = await send(admin, `${LIST}/import?commit=true`, bad);
    assert.equal(refused.status, 200);
    assert.deepEqual([refused.body.committed, refused.body.failed], [false, 5]);
    assert.deepEqual(refused.body.problems.map((p) => [p.row, p.title]), [[3, '介质'], [4, '区县'], [5, '企业名称'], [6, '设备编码'], [7, '统一社会信用代码']]);
    assert.ok(refused.body.problems.every((p) => /[\u4e00-\u9fff]/.test(p.message)));
    assert.equal((await admin.get(LIST)).total, 0, 'one bad row: none is there');

    const report = await send(admin, `${LIST}/import?report=xlsx`, bad);
    assert.match(report.headers.get('content-disposition'), /attachment; filename\*=UTF-8''%E6%9C%AA/);
    const sheet = worksheet(report.body);
    for (const word of ['原因', '介质只能是废水', '>3<', '>7<']) assert.ok(sheet.includes(word), word);

    const done = await send(admin, `${LIST}/import?commit=true`, good, { 'Idempotency-Key': 'import-one-1' });
    assert.deepEqual([done.body.committed, done.body.rows], [true, 60]);
    const repeated = await send(admin, `${LIST}/import?commit=true`, good, { 'Idempotency-Key': 'import-one-1' });
    assert.equal(repeated.headers.get('idempotency-replayed'), 'true');
    const again = await send(admin, `${LIST}/import?commit=true`, good);
    assert.equal(again.body.committed, true);
    assert.equal((await admin.get(LIST)).total, 60);
    const station = await admin.get('/api/v1/stations/TEST00000005');
    assert.equal(station.profile.edition, '2017');
    assert.equal(station.profile.password_set, true);
    assert.equal(station.region.name, '北碚区');
});

test('files that are no sheets are refused as a whole', async () => {
    for (const [bytes, status, words] of [
        [Buffer.from('a,b\n1,2\n'), 422, /表头/],
        [Buffer.from(`${HEAD.replace('企业名称,', '')}\nx\n`), 422, /缺少“企业名称”/],
        [Buffer.from(`${HEAD}\n`), 422, /没有内容/],
        [Buffer.from('PK\x03\x04 nothing'), 422, /不完整|损坏/],
        [Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 1]), 422, /\.xls/],
        [Buffer.alloc(0), 400, /正文/],
    ]) {
        const r = await send(admin, `${LIST}/import`, bytes);
        assert.equal(r.status, status, JSON.stringify(r.body));
        assert.match(r.body.title, words);
    }
});

test('only those who may admit stations import; everybody signed in with the right reads', async () => {
    assert.equal((await send(viewer, `${LIST}/import`, csv([row(1)]))).status, 403);
    assert.equal((await send({ cookie: admin.cookie, csrf: 'x' }, `${LIST}/import`, csv([row(1)]))).body.code, 'csrf');
    assert.equal((await viewer.get(LIST)).total, 60);
    const template = await download(admin, `${LIST}/template`);
    assert.match(worksheet(template.bytes), /示范水务有限公司/);
    const back = await send(admin, `${LIST}/import`, template.bytes);
    assert.match(back.body.title, /没有内容/, 'help and example are no rows');
});

test('pages follow each other in every order, whatever comes or goes between them', async () => {
    for (const sort of ['', 'mn', '-mn', 'enterprise_name', '-enterprise_name', 'created_at', '-name', 'region_code']) {
        const seen = [];
        for (let cursor = ''; ;) {
            const page = await admin.get(`${LIST}?limit=7&sort=${sort}&cursor=${cursor}`);
            seen.push(...page.items);
            assert.equal(page.total, 60);
            if (!page.next) break;
            cursor = page.next;
        }
        assert.equal(new Set(seen.map((s) => s.mn)).size, 60, sort);
        const key = sort.replace('-', '') || 'enterprise_name';
        const values = seen.map((s) => [s[key], s.mn]);
        const sorted = [...values].sort((a, b) => Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0])) || Buffer.compare(Buffer.from(a[1]), Buffer.from(b[1])));
        assert.deepEqual(values, sort.startsWith('-') ? sorted.reverse() : sorted, sort);
    }
});

test('filters say what they mean, also with the characters of patterns', async () => {
    const total = async (query) => (await admin.get(`${LIST}?${query}`)).total;
    assert.equal(await total('medium=water'), 60);
    assert.equal(await total('medium=air,noise'), 0);
    assert.equal(await total('medium=air,water'), 60);
    assert.equal(await total('edition=2017'), 40);
    assert.equal(await total('region_code=500109'), 30);
    assert.equal(await total('enterprise_name=%E4%BC%81%E4%B8%9A3'), 9);
    assert.equal(await total('mn=test0000000'), 10);
    assert.equal(await total('mn=%25'), 0);
    assert.equal(await total('mn=_'), 0);
    assert.equal(await total('q=%E5%8C%97%E7%A2%9A'), 30);
    assert.equal(await total('q=nobody'), 0);
    assert.equal(await total('interval_minutes_from=10&interval_minutes_to=11'), 60);
    assert.equal(await total('interval_minutes_from=11'), 0);
    assert.equal(await total('created_at_from=2020-01-01&created_at_to=2021-01-01'), 0);
    assert.equal(await total('demo=false'), 60);
    await admin.problem('GET', `${LIST}?colour=red`, undefined, 400);
    await admin.problem('GET', `${LIST}?sort=outlet_code`, undefined, 400);
    await admin.problem('GET', `${LIST}?limit=501`, undefined, 400);
    await admin.problem('GET', `${LIST}?medium=${Array.from({ length: 17 }, (_, i) => `m${i}`).join(',')}`, undefined, 400);
    await admin.problem('GET', `${LIST}?q=${'%27%3B--'.repeat(30)}`, undefined, 400);
    assert.equal(await total(`q=${encodeURIComponent("'; DROP TABLE station; --")}`), 0);
    assert.equal(await total(''), 60);
});

test('a cursor belongs to its question and cannot be made up', async () => {
    const { next } = await admin.get(`${LIST}?limit=5&sort=mn`);
    assert.equal((await admin.get(`${LIST}?limit=5&sort=mn&cursor=${next}`)).items[0].mn, 'TEST00000005');
    for (const query of [`sort=-mn&cursor=${next}`, `sort=mn&q=1&cursor=${next}`, `sort=mn&cursor=${next}00`, `sort=mn&cursor=${next.slice(0, -2)}41`,
        'sort=mn&cursor=TEST00000004', `sort=mn&cursor=${'0'.repeat(64)}`]) {
        const p = await admin.problem('GET', `${LIST}?limit=5&${query}`, undefined, 400);
        assert.match(p.title, /第一页/);
    }
});

test('many combinations of filters give what single ones give', async () => {
    const parts = ['mn=TEST', 'name=%E7%AB%99', 'enterprise_name=%E4%BC%81', 'medium=water', 'outlet_code=DW', 'interval_minutes_from=1', 'created_at_from=2020-01-01'];
    for (let mask = 1; mask < 1 << parts.length; mask++) {
        const query = parts.filter((_, i) => mask >> i & 1).join('&');
        assert.equal((await admin.get(`${LIST}?limit=1&edition=2017&${query}`)).total, 40, query);
    }
});

test('an export has the rows, order and columns of the page', async () => {
    const { headers, bytes } = await download(admin, `${LIST}/export?form=csv&sort=-mn&edition=2017&columns=mn,medium,created_at`);
    assert.match(headers.get('content-type'), /text\/csv/);
    const lines = bytes.toString().split('\r\n');
    assert.equal(lines[0], '\ufeff设备编码,排口/介质,登记时间');
    assert.equal(lines.length, 42);
    assert.match(lines[1], /^TEST00000059,废水,\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const book = await download(admin, `${LIST}/export`);
    assert.match(book.headers.get('content-disposition'), /%E7%AB%99.*\.xlsx$/);
    const sheet = worksheet(book.bytes);
    assert.equal(sheet.match(/<row /g).length, 62);
    assert.match(sheet, /<mergeCell ref="A1:A2"\/>/);
    await admin.problem('GET', `${LIST}/export?columns=mn,mn`, undefined, 400);
    await admin.problem('GET', `${LIST}/export?columns=password`, undefined, 400);
    await waitUntil(async () => (await admin.get('/api/v1/evidence?limit=20')).records?.length !== 0, { what: 'the export is noted' });
});

test('a firm that calls itself a formula stays text', async () => {
    const done = await send(admin, `${LIST}/import?commit=true`, csv([row(900, { firm: "\"=HYPERLINK(\"\"http://x\"\")\"" })]));
    assert.equal(done.body.committed, true, JSON.stringify(done.body));
    const { bytes } = await download(admin, `${LIST}/export?form=csv&mn=TEST00000900&columns=enterprise_name`);
    assert.equal(bytes.toString().split('\r\n')[1], "\"'=HYPERLINK(\"\"http://x\"\")\"");
});

test('what one saves another does not see', async () => {
    const views = '/api/v1/lists/stations/views';
    const setup = { columns: ['mn', 'name'], filters: [{ name: 'edition', value: '2017' }], sort: '-mn' };
    const saved = await admin.post(views, { name: '我的视图', setup });
    assert.deepEqual(saved.setup, setup);
    const changed = await admin.post(views, { name: '我的视图', setup: { ...setup, sort: '' } });
    assert.equal(changed.id, saved.id);
    assert.deepEqual((await admin.get(views)).items.map((v) => [v.name, v.setup.sort]), [['我的视图', '']]);
    assert.deepEqual((await viewer.get(views)).items, []);
    await viewer.problem('DELETE', `${views}/${saved.id}`, undefined, 404);
    await admin.problem('POST', views, { name: 'x', setup: { ...setup, columns: ['password'] } }, 422);
    await admin.problem('POST', views, { name: 'x', setup: { ...setup, filters: [{ name: 'nobody', value: '1' }] } }, 422);
    await admin.problem('POST', views, { name: 'x', setup: { ...setup, sort: 'outlet_code' } }, 422);
    await admin.problem('POST', views, { name: '', setup }, 422);
    for (let i = 0; i < 49; i++) await admin.post(views, { name: `v${i}`, setup });
    await admin.problem('POST', views, { name: 'one more', setup }, 409);
    await admin.delete(`${views}/${saved.id}`);
    assert.equal((await admin.get(views)).items.length, 49);
    await admin.problem('GET', '/api/v1/lists/nothing', undefined, 404);
    const description = await viewer.get('/api/v1/lists/stations');
    assert.deepEqual(description.columns.find((c) => c.key === 'medium').choices[0], { value: 'water', title: '废水' });
});

test('senders nobody knows are a list like any other', async () => {
    const logger = await Logger.open(server.gate);
    for (const mn of ['STRANGER01', 'STRANGER02']) await logger.sendRealtime(mn, { w01018: '12.5' });
    await logger.close();
    const path = '/api/v1/stations/unknown';
    await waitUntil(async () => (await admin.get(path)).total === 2, { what: 'both are listed' });
    assert.equal((await admin.get(`${path}?mn=stranger02`)).items[0].mn, 'STRANGER02');
    assert.deepEqual((await admin.all(`${path}?sort=mn`, 1)).map((u) => u.mn), ['STRANGER01', 'STRANGER02']);
    assert.match((await download(admin, `${path}/export?form=csv&columns=mn,frames`)).bytes.toString(), /STRANGER0[12],1\r\n/);
});
