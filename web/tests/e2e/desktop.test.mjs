// The desktop application in a real browser against a real server (YUHENG_URL, YUHENG_GATE, YUHENG_USER, YUHENG_PASSWORD).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test, { after, before } from 'node:test'
import { ask, axe, DESK, launch, missing, PHONE, sendFrame, server, signIn, stamp, watchedPage } from './lib.mjs'

const skip = missing.length ? `set ${missing.join(', ')}` : false
const clean = (faults) => assert.deepEqual(faults, [])
const unique = () => `${(10 + Math.random() * 30).toFixed(3)}7`

let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(() => browser?.close())

async function desk(t, options = DESK) {
  const context = await browser.newContext({ ...options, locale: 'zh-CN' })
  t.after(() => context.close())
  return { context, ...(await watchedPage(context)) }
}

/** A registered station whose newest value lies in the past, so that a value of now becomes its newest. */
async function quietStation(page) {
  const { items } = await ask(page, '/api/v1/stations?limit=200')
  const before = Date.now() - 30_000
  const found = items.find((s) => s.latest.some((l) => l.field === 'Rtd' && l.limit) && Date.parse(s.last_data_time) < before)
  assert.ok(found, 'a registered station with a limited factor')
  return { ...found, factor: found.latest.find((l) => l.field === 'Rtd' && l.limit).factor, st: found.outlet.medium === 'air' ? '31' : '32' }
}
const reading = (s, value, t = Date.now()) =>
  `QN=${stamp(t)}001;ST=${s.st};CN=2011;PW=123456;MN=${s.mn};Flag=5;CP=&&DataTime=${stamp(t)};${s.factor}-Rtd=${value},${s.factor}-Flag=N&&`

test('the server still gives everything the types of the pages promise', { skip }, async () => {
  const ours = JSON.parse(readFileSync(new URL('../../shared/api/openapi.json', import.meta.url), 'utf8')).components.schemas
  const theirs = (await (await fetch(`${server.url}/api/v1/openapi.json`)).json()).components.schemas
  const shape = (f) => JSON.stringify([f.type, f.$ref, f.anyOf, f.items?.$ref ?? f.items?.type])
  for (const [name, schema] of Object.entries(ours)) {
    assert.ok(theirs[name], name)
    for (const field of schema.required ?? []) {
      const now = theirs[name].properties[field]
      assert.ok(now, `${name}.${field} is gone; run tools/gen-types.mjs`)
      assert.equal(shape(now), shape(schema.properties[field]), `${name}.${field} changed; run tools/gen-types.mjs`)
    }
  }
})

test('sign-in: errors stand at the field, Enter submits, the way back is kept', { skip }, async (t) => {
  const { page, faults } = await desk(t)
  await page.goto(`${server.url}/d/evidence`)
  await page.waitForURL(/sign-in\?return=/)
  await page.getByRole('button', { name: '登录' }).click()
  assert.match(await page.locator('#username-error').textContent(), /请输入账号/)
  assert.match(await page.locator('#password-error').textContent(), /请输入密码/)
  assert.deepEqual(await axe(page), [])
  clean(faults)
  await page.getByLabel('账号').fill(server.user)
  await page.getByLabel('密码').fill('not-the-password')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelector('#password-error')?.textContent)
  assert.equal(await page.getByLabel('账号').inputValue(), server.user)
  faults.length = 0 // the browser itself reports the refused call
  await page.getByLabel('密码').fill(server.password)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/d\/evidence$/)
  await page.waitForSelector('text=检查点')
  clean(faults)
})

test('overview: stations by state, counters that tick, list with search', { skip }, async (t) => {
  const { page, faults } = await desk(t)
  await signIn(page)
  await page.waitForSelector('tbody tr.clickable')
  await page.waitForFunction(() => document.querySelector('.lamp')?.textContent.includes('实时'))
  const { stations } = await ask(page, '/api/v1/overview')
  assert.match(await page.locator('.stations').textContent(), new RegExp(`共 ${stations.total}`))
  const first = (await ask(page, '/api/v1/stations?limit=1')).items[0]
  await page.getByLabel('站点、企业或 MN').fill(first.mn)
  await page.keyboard.press('Enter')
  await page.waitForFunction((mn) => document.querySelectorAll('tbody tr.clickable').length === 1 && location.search.includes(mn), first.mn)
  await page.getByRole('button', { name: '重置' }).click()
  await page.waitForFunction(() => document.querySelectorAll('tbody tr.clickable').length > 1)
  assert.deepEqual(await axe(page), [])
  clean(faults)
})

test('a row opens by Enter and by click as a drawer, by double click as a page', { skip }, async (t) => {
  const { page, faults } = await desk(t)
  await signIn(page)
  const row = page.locator('tbody tr.clickable').first()
  await row.focus()
  await page.keyboard.press('Enter')
  await page.waitForSelector('.el-drawer__body >> text=最新数据')
  assert.deepEqual(await axe(page), [])
  await page.keyboard.press('Escape')
  await page.waitForSelector('.el-drawer__body', { state: 'detached' })
  await row.click({ position: { x: 4, y: 4 } })
  await page.waitForSelector('.el-drawer__body >> text=最新数据')
  await page.keyboard.press('Escape')
  await page.waitForSelector('.el-drawer__body', { state: 'detached' })
  await row.dblclick({ position: { x: 4, y: 4 } })
  await page.waitForURL(/\/stations\//)
  clean(faults)
})

test('a frame on the wire is on the overview without a reload, and its value leads to the frame and a verified proof', { skip }, async (t) => {
  const { page, faults } = await desk(t)
  await signIn(page)
  const station = await quietStation(page)
  await page.getByLabel('站点、企业或 MN').fill(station.mn)
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('tbody tr.clickable').length === 1)
  await page.waitForFunction(() => document.querySelector('.lamp')?.textContent.includes('实时'))
  const value = unique()
  const seen = page.waitForFunction((v) => document.querySelector('tbody tr.clickable')?.textContent.includes(v), value, { polling: 'raf' })
  const sent = performance.now()
  assert.match(await sendFrame(reading(station, value)), /CN=9014/)
  await seen
  t.diagnostic(`frame to page: ${Math.round(performance.now() - sent)} ms`)

  await page.locator('tbody tr.clickable a').first().click()
  await page.waitForSelector('h1')
  await page.locator(`#tab-${station.factor}`).click()
  const curve = page.getByRole('region', { name: '实时曲线' })
  await curve.getByText(value, { exact: true }).waitFor()
  await curve.locator('canvas').waitFor()
  assert.deepEqual(await axe(page), [])
  const later = unique()
  await sendFrame(reading(station, later, Date.now() + 1000))
  await curve.getByText(later, { exact: true }).waitFor()

  await curve.getByRole('button', { name: '查看原始报文' }).click()
  await page.waitForSelector('[data-testid=frame]')
  assert.ok((await page.locator('.raw').textContent()).includes(`${station.factor}-Rtd=${later}`))
  await page.waitForSelector('[data-testid=proof-ok]')
  assert.equal(await page.locator('[data-testid=proof-bad], [data-testid=signature-bad]').count(), 0)
  await page.getByRole('button', { name: /展开复核过程/ }).click()
  assert.ok((await page.locator('.steps .good').textContent()).length === 64)
  assert.deepEqual(await axe(page), [])
  clean(faults)
})

test('history: curve and table, reported beside recomputed', { skip }, async (t) => {
  const { page, faults } = await desk(t)
  await signIn(page)
  const { items } = await ask(page, '/api/v1/stations?limit=1')
  await page.goto(`${server.url}/d/stations/${encodeURIComponent(items[0].mn)}`)
  const history = page.getByRole('region', { name: '历史数据', exact: true })
  for (const range of ['30 天', '24 小时']) {
    await history.getByRole('button', { name: range, exact: true }).click()
    assert.equal(await history.getByRole('button', { name: range, exact: true }).getAttribute('aria-pressed'), 'true')
  }
  await history.getByRole('button', { name: '表格', exact: true }).click()
  await history.locator('table, .none').first().waitFor()
  assert.deepEqual(await axe(page), [])
  clean(faults)
})

test('an unknown device appears by itself and is admitted', { skip }, async (t) => {
  const { page, faults } = await desk(t)
  await signIn(page, '/d/unknown')
  await page.waitForURL(/\/d\/unknown/)
  await page.waitForFunction(() => document.querySelector('.lamp')?.textContent.includes('实时'))
  const mn = `E2E${stamp()}${Math.floor(Math.random() * 1e4)}`
  await sendFrame(`QN=${stamp()}001;ST=32;CN=2011;PW=123456;MN=${mn};Flag=5;CP=&&DataTime=${stamp()};w01018-Rtd=12.5,w01018-Flag=N&&`)
  const row = page.locator('tbody tr', { hasText: mn })
  await row.waitFor({ timeout: 30_000 })
  await row.getByRole('button', { name: '接入', exact: true }).click()
  const form = page.getByRole('dialog', { name: '接入站点' })
  await form.getByRole('button', { name: '提交' }).click()
  await form.getByText('请填写站点名称。').waitFor()
  assert.deepEqual(await axe(page), [])
  await form.getByLabel('站点名称').fill(`示范·验收${mn.slice(-6)}`)
  await form.getByLabel('企业名称').fill(`示范·验收企业${mn.slice(-6)}`)
  await form.getByLabel('区县').click()
  await page.locator('.el-select-dropdown__item:visible').first().click()
  await form.getByRole('button', { name: '提交' }).click()
  await page.locator('.done a').click()
  await page.waitForURL(new RegExp(mn))
  await page.getByRole('heading', { name: /示范·验收/ }).waitFor()
  await page.waitForFunction(() => document.querySelector('.lamp')?.textContent.includes('实时'))
  await sendFrame(`QN=${stamp()}002;ST=32;CN=2011;PW=123456;MN=${mn};Flag=5;CP=&&DataTime=${stamp(Date.now() + 1000)};w01018-Rtd=13.25,w01018-Flag=N&&`)
  await page.getByRole('tab', { name: /13\.25/ }).waitFor()
  clean(faults)
})

test('evidence log, a page that does not exist, dark mode', { skip }, async (t) => {
  const { page, faults } = await desk(t)
  await signIn(page, '/d/evidence')
  await page.getByRole('region', { name: '检查点', exact: true }).waitFor()
  await page.getByRole('table', { name: '每日增长' }).locator('tbody tr').first().waitFor()
  assert.match(await page.getByRole('table', { name: '增长最多的站点' }).locator('tbody').innerText(), /[0-9A-Z]{14,24}/)
  assert.deepEqual(await axe(page), [])
  await page.getByLabel('记录序号').fill('x')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await page.goto(`${server.url}/d/no/such/page`)
  await page.getByRole('heading', { name: '没有这个页面' }).waitFor()
  await page.getByRole('button', { name: '切换为深色' }).click()
  await page.goto(`${server.url}/d/overview`)
  await page.waitForSelector('tbody tr.clickable')
  assert.equal(await page.evaluate(() => document.documentElement.classList.contains('dark')), true)
  assert.deepEqual(await axe(page), [])
  clean(faults)
})

test('an ended session leads to sign-in and back to the same page', { skip }, async (t) => {
  const { context, page, faults } = await desk(t)
  await signIn(page, '/d/evidence')
  await page.waitForSelector('text=检查点')
  await page.waitForFunction(() => document.querySelector('.lamp')?.textContent.includes('实时'))
  clean(faults)
  await context.clearCookies()
  await page.getByRole('link', { name: '监测总览' }).click()
  await page.waitForURL(/sign-in\?return=/)
  await page.getByText('登录已过期').waitFor()
  await page.getByLabel('账号').fill(server.user)
  await page.getByLabel('密码').fill(server.password)
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/d\/overview/)
  await page.getByRole('button', { name: /用户菜单/ }).click()
  await page.getByRole('menuitem', { name: '退出登录' }).click()
  await page.waitForURL(/sign-in$/)
  assert.equal(await page.evaluate(() => fetch('/api/v1/session').then((r) => r.status)), 401)
})

test('eight tabs share one event stream: all are live and calls still go through', { skip }, async (t) => {
  const { context, page, faults } = await desk(t)
  await signIn(page)
  const others = []
  for (let i = 0; i < 7; i++) {
    const other = await watchedPage(context)
    await other.page.goto(`${server.url}/d/overview`)
    others.push(other)
  }
  for (const other of others) {
    await other.page.waitForFunction(() => document.querySelector('.lamp')?.textContent.includes('实时'))
    assert.equal(await other.page.evaluate(() => fetch('/healthz').then((r) => r.status)), 200)
    clean(other.faults)
  }
  clean(faults)
})

test('on a phone: nothing wider than the screen, targets large enough, the same proof', { skip }, async (t) => {
  const { page, faults } = await desk(t, PHONE)
  const narrow = async (where) => assert.ok((await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector('main')?.scrollWidth ?? 0))) <= 390, where)
  await page.goto(`${server.url}/d/`)
  await page.waitForSelector('form')
  await narrow('sign-in')
  await signIn(page)
  await page.waitForSelector('tbody tr.clickable')
  await narrow('overview')
  assert.deepEqual(await axe(page), [])
  for (const link of await page.locator('nav[aria-label=主菜单] a').all()) assert.ok((await link.boundingBox()).height >= 44)
  await page.locator('tbody tr.clickable a').first().click()
  await page.waitForSelector('[role=tab]')
  await narrow('station')
  assert.deepEqual(await axe(page), [])
  await page.locator('tbody tr.clickable .link-button').first().click()
  await page.waitForSelector('[data-testid=proof-ok]')
  await narrow('frame')
  clean(faults)
})
