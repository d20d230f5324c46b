// The registry of stations: the list out of its description, with filters, order, columns, views, export and import.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { ask, axe, DESK, launch, missing, PHONE, server, signIn, watchedPage } from './lib.mjs'

const skip = missing.length ? `set ${missing.join(', ')}` : false
const shots = process.env.SHOTS ?? ''
const dir = mkdtempSync(join(tmpdir(), 'registry-'))
let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(async () => {
  await browser?.close()
  rmSync(dir, { recursive: true, force: true })
})

async function open(t, options) {
  const context = await browser.newContext({ ...options, locale: 'zh-CN', acceptDownloads: true })
  t.after(() => context.close())
  return watchedPage(context)
}
const shot = (page, name) => (shots ? page.screenshot({ path: join(shots, `${name}.png`) }) : null)
const rows = (page) => page.locator('tbody tr:not(.waiting)').count()
const HEAD = '设备编码,站点名称,企业名称,统一社会信用代码,区县,排口编号,排口名称,介质,系统编码,协议版本,访问密码,分钟数据间隔'
function sheet(name, lines) {
  const path = join(dir, name)
  writeFileSync(path, `\ufeff${HEAD}\r\n${lines.join('\r\n')}\r\n`)
  return path
}

test('filters, order, columns and views of the list; the export has what is shown', { skip }, async (t) => {
  const { page, faults } = await open(t, DESK)
  await signIn(page, '/d/registry')
  await page.waitForSelector('tbody tr:not(.waiting)')
  const { total } = await ask(page, '/api/v1/registry/stations')
  await page.waitForSelector(`text=共 ${total} 条`)
  await shot(page, 'registry-1440')

  const name = await page.locator('tbody tr .col-name').first().innerText()
  await page.getByLabel('关键词').fill(name)
  await page.getByRole('button', { name: '查询' }).click()
  await page.waitForFunction((n) => [...document.querySelectorAll('tbody tr:not(.waiting) .col-name')].every((c) => c.innerText.includes(n)), name)
  await page.getByRole('button', { name: '重置' }).click()
  await page.waitForSelector(`text=共 ${total} 条`)

  await page.getByRole('button', { name: '设备编码' }).click()
  await page.waitForSelector('th.head-mn[aria-sort=ascending]')
  await page.getByRole('button', { name: '设备编码' }).click()
  await page.waitForSelector('th.head-mn[aria-sort=descending]')
  const mns = await page.locator('tbody .col-mn').allInnerTexts()
  assert.deepEqual(mns, [...mns].sort().reverse())

  await page.getByRole('button', { name: '列设置' }).click()
  await page.getByLabel('登记人').check()
  await page.keyboard.press('Escape')
  await page.waitForSelector('th.head-cause')

  await page.getByRole('button', { name: '更多' }).click()
  await page.getByLabel('设备编码', { exact: true }).fill(mns[0])
  await page.getByRole('button', { name: '查询' }).click()
  await page.waitForSelector('text=共 1 条')
  await page.getByRole('button', { name: '视图', exact: true }).click()
  await page.getByLabel('视图名称').fill('一个站')
  await page.getByRole('button', { name: '保存视图' }).click()
  await page.waitForSelector('.views >> text=一个站')
  await page.keyboard.press('Escape')

  await page.reload()
  await page.waitForSelector(`text=共 ${total} 条`)
  assert.equal(await page.locator('th.head-cause').count(), 0)
  await page.getByRole('button', { name: '视图', exact: true }).click()
  await page.locator('.views').getByRole('button', { name: '一个站', exact: true }).click()
  await page.waitForSelector('text=共 1 条')
  await page.waitForSelector('th.head-cause')

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 CSV' }).click()])
  assert.match(download.suggestedFilename(), /^站点台账-\d{8}-\d{4}\.csv$/)
  const lines = readFileSync(await download.path(), 'utf8').trim().split('\r\n')
  assert.equal(lines.length, 2)
  assert.match(lines[0], /登记人$/)
  assert.ok(lines[1].startsWith(mns[0]))
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(faults, [])
})

test('an import shows what is wrong, and what is right is written once', { skip }, async (t) => {
  const { page, faults } = await open(t, DESK)
  await signIn(page, '/d/registry')
  await page.waitForSelector('tbody tr:not(.waiting)')
  const before = (await ask(page, '/api/v1/registry/stations')).total
  await page.getByRole('button', { name: '导入' }).click()
  const [template] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载模板' }).click()])
  assert.equal(template.suggestedFilename(), '站点台账模板.xlsx')
  await page.getByLabel('选择文件').setInputFiles(sheet('bad.csv', ['E2E0000001,一号站,示范导入企业,,北碚区,DW001,总排口,废水,32,2017,,', 'E2E0000002,二号站,示范导入企业,,北碚区,DW002,总排口,光,32,2017,,']))
  await page.waitForSelector('text=1 行有误')
  await page.waitForSelector('text=介质只能是废水')
  await shot(page, 'registry-import-1440')
  assert.deepEqual(await axe(page), [])
  assert.ok(await page.getByRole('button', { name: '写入 2 行' }).isDisabled())
  const [report] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载有误的行' }).click()])
  assert.equal(report.suggestedFilename(), '未导入的行.xlsx')

  await page.getByLabel('选择文件').setInputFiles(sheet('good.csv', ['E2E0000001,一号站,示范导入企业,,北碚区,DW001,总排口,废水,32,2017,,', 'E2E0000002,二号站,示范导入企业,,北碚区,DW002,总排口,废水,32,2017,,']))
  await page.waitForSelector('text=全部合格')
  await page.getByRole('button', { name: '写入 2 行' }).click()
  await page.waitForSelector('text=2 行已写入')
  await page.keyboard.press('Escape')
  await page.waitForSelector(`text=共 ${before + 2} 条`)
  assert.deepEqual(faults, [])
})

test('the list on a phone and in the dark', { skip }, async (t) => {
  for (const [name, options] of [['registry-390', PHONE], ['registry-dark', { ...DESK, colorScheme: 'dark' }]]) {
    const { page, faults } = await open(t, options)
    await signIn(page, '/d/registry')
    await page.waitForSelector('tbody tr:not(.waiting)')
    assert.ok(await rows(page) > 1)
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} does not scroll sideways`)
    assert.deepEqual(await axe(page), [])
    await shot(page, name)
    assert.deepEqual(faults, [])
  }
})
