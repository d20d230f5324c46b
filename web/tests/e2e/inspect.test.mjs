// Connections, faults and frames, in a real browser against a real server.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import test, { after, before } from 'node:test'
import { ask, axe, DESK, frameOf, launch, missing, PHONE, server, signIn, stamp, watchedPage } from './lib.mjs'

const skip = missing.length ? `set ${missing.join(', ')}` : false
const clean = (faults) => assert.deepEqual(faults, [])

let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(() => browser?.close())

async function open(t, path, options = DESK) {
  const context = await browser.newContext({ ...options, locale: 'zh-CN' })
  t.after(() => context.close())
  const watched = await watchedPage(context)
  await signIn(watched.page, path)
  return watched
}

/** A connection that stays open. */
function dial(t) {
  const [host, port] = server.gate.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  return new Promise((resolve) => socket.once('connect', () => resolve(socket)))
}
const newMn = () => `E2E${stamp()}${Math.floor(Math.random() * 1e6)}`
const segment = (mn, value = '12.5') =>
  `QN=${stamp()}001;ST=32;CN=2011;PW=123456;MN=${mn};Flag=5;CP=&&DataTime=${stamp()};w01018-Rtd=${value},w01018-Flag=N&&`
const narrow = async (page, where) =>
  assert.ok((await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth))) <= 390, where)

test('a device that dials in is on the page of connections, with its faults, and is admitted there', { skip }, async (t) => {
  const mn = newMn()
  const socket = await dial(t)
  const { page, faults } = await open(t, '/d/connections')
  const { listen } = await ask(page, '/api/v1/connections')
  assert.equal(await page.getByTestId('listen').textContent(), `${listen.host}:${listen.port}`)
  const good = frameOf(segment(mn))
  socket.write(good + good.replace(/....\r\n$/, '1234\r\n'))
  socket.write(frameOf(segment(mn, '13.5').replace('001;', '002;')))
  await page.getByLabel('地址、MN、站点或企业').fill(mn)
  await page.keyboard.press('Enter')
  const row = page.locator('tbody tr.clickable', { hasText: mn })
  await row.getByText('1 / 0').waitFor()
  assert.match(await row.textContent(), /未登记.*HJ 212-2017.*2011/s)
  const fault = page.getByRole('region', { name: '报文故障列表' }).locator('tr', { hasText: mn })
  await fault.getByText('校验算法有误').waitFor()
  assert.deepEqual(await axe(page), [])

  await fault.getByRole('button').click()
  const drawer = page.getByRole('dialog')
  await drawer.getByText('可能原因').waitFor()
  await page.getByTestId('proof-ok').waitFor()
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })

  await row.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: '连接' }).getByText(mn).waitFor()
  assert.deepEqual(await axe(page), [])
  await page.getByRole('dialog', { name: '连接' }).getByRole('button', { name: '接入' }).click()
  const form = page.getByRole('dialog', { name: '接入站点' })
  await form.getByLabel('站点名称').fill(`示范·连接${mn.slice(-6)}`)
  await form.getByLabel('企业名称').fill(`示范·连接企业${mn.slice(-6)}`)
  await form.getByLabel('区县').click()
  await page.locator('.el-select-dropdown__item:visible').first().click()
  await form.getByRole('button', { name: '提交' }).click()
  await page.locator('tbody tr.clickable', { hasText: `示范·连接${mn.slice(-6)}` }).waitFor()
  socket.destroy()
  await page.getByText('没有符合条件的连接。').waitFor()
  clean(faults)
})

test('a pasted frame is explained: fields with meaning and unit, length and check code, probable cause', { skip }, async (t) => {
  const { page, faults } = await open(t, '/d/inspect')
  await page.getByRole('button', { name: '检查', exact: true }).click()
  await page.getByText('请先粘贴报文').waitFor()
  await page.getByLabel('报文', { exact: true }).fill(frameOf(segment('5001070000000000000000B1', '38.52')))
  await page.getByRole('button', { name: '检查', exact: true }).click()
  const result = page.getByTestId('inspection')
  await result.getByText('化学需氧量 · 实时值').waitFor()
  const cell = result.locator('tr', { hasText: 'w01018-Rtd' })
  assert.match(await cell.textContent(), /38\.52\s*mg\/L/)
  assert.match(await result.locator('tr', { hasText: 'w01018-Flag' }).textContent(), /正常/)
  assert.equal(await result.locator('.tag.ok', { hasText: '一致' }).count(), 2)
  assert.deepEqual(await axe(page), [])

  await page.getByRole('button', { name: '校验算法用错' }).click()
  await result.getByText('可能原因').waitFor()
  assert.match(await result.textContent(), /MODBUS.*79B3.*2A80/s)
  await page.getByRole('button', { name: '断在中途' }).click()
  const pieces = result.getByRole('list', { name: '各段' }).getByRole('button')
  await pieces.nth(1).waitFor()
  assert.deepEqual(await pieces.evaluateAll((all) => all.map((b) => b.getAttribute('aria-pressed'))), ['true', 'false'])
  await pieces.nth(1).click()
  await result.getByText('化学需氧量 · 累计值').or(result.getByText('w01018-Cou')).first().waitFor()
  await page.mouse.move(0, 0)
  assert.deepEqual(await axe(page), [])

  await page.getByRole('button', { name: '加密的废气' }).click()
  await result.getByText('数据区已解密').waitFor()
  assert.match(await page.getByLabel('解密后的数据区').textContent(), /a21026-Rtd=35\.4/)
  await page.getByLabel('SM4 密钥', { exact: true }).fill('')
  await page.getByRole('button', { name: '检查', exact: true }).click()
  await result.getByText('数据区已加密，未能解开').waitFor()
  await page.getByLabel('SM4 密钥', { exact: true }).fill('12')
  faults.length = 0
  await page.getByRole('button', { name: '检查', exact: true }).click()
  await page.getByRole('alert').waitFor()
  assert.ok(faults.every((f) => /422/.test(f)), faults.join()) // the browser itself reports the refused call
})

test('a stored record opens by its number', { skip }, async (t) => {
  const { page, faults } = await open(t, '/d/inspect')
  await page.getByLabel('存证编号').fill('abc')
  await page.keyboard.press('Enter')
  await page.getByText('请输入存证编号').waitFor()
  const { items: [station] } = await ask(page, '/api/v1/stations?limit=1')
  const { items: [row] } = await ask(page, `/api/v1/stations/${encodeURIComponent(station.mn)}/frames?limit=1`)
  await page.getByLabel('存证编号').fill(String(row.seq))
  await page.keyboard.press('Enter')
  await page.getByTestId('proof-ok').waitFor()
  assert.match(await page.getByRole('dialog').textContent(), new RegExp(station.mn))
  clean(faults)
})

test('a composed frame is checked in place, and the gate takes it', { skip }, async (t) => {
  const mn = newMn().slice(0, 24)
  const { page, faults } = await open(t, '/d/inspect')
  const panel = page.getByRole('region', { name: '组装报文' })
  await panel.getByRole('button', { name: '展开' }).click()
  await panel.getByLabel('MN', { exact: true }).fill(mn)
  await panel.getByLabel('第 2 项值').fill('77.5')
  await panel.getByRole('button', { name: '增加一项' }).click()
  await panel.getByLabel('第 4 项字段').fill('w21003-Rtd')
  await panel.getByLabel('第 4 项值').fill('1.25')
  await panel.getByRole('button', { name: '组装', exact: true }).click()
  const text = await page.getByLabel('组装的报文').textContent()
  assert.match(text, /^##\d{4}QN=\d{17};ST=32;CN=2011;.*w01018-Rtd=77\.5,w01018-Flag=N;w21003-Rtd=1\.25&&[0-9A-F]{4}$/)
  assert.deepEqual(await axe(page), [])
  await panel.getByRole('button', { name: '检查这一帧' }).click()
  await page.getByTestId('inspection').locator('tr', { hasText: 'w21003-Rtd' }).getByText('氨氮 · 实时值').waitFor()
  clean(faults)
  const socket = await dial(t)
  const answer = new Promise((resolve) => socket.once('data', (d) => resolve(d.toString('latin1'))))
  socket.write(`${text}\r\n`)
  assert.match(await answer, /CN=9014/)

  await panel.getByLabel('第 2 项值').fill('1;CN=1')
  await panel.getByRole('button', { name: '组装', exact: true }).click()
  await panel.locator('.item').nth(1).getByRole('alert').waitFor()
  await panel.getByText('1 处待改').waitFor()
})

test('the frames of a station: filters, and page by page into the past', { skip }, async (t) => {
  const { page, faults } = await open(t, '/d/overview')
  const { items } = await ask(page, '/api/v1/stations?limit=200')
  let mn = ''
  for (const s of items) {
    const { next } = await ask(page, `/api/v1/stations/${encodeURIComponent(s.mn)}/frames?limit=50`)
    if (next) mn = s.mn
    if (mn) break
  }
  assert.ok(mn, 'a station with more than one page of frames')
  await page.goto(`${server.url}/d/stations/${encodeURIComponent(mn)}`)
  const frames = page.getByRole('region', { name: '报文', exact: true }).first()
  await frames.locator('tbody tr').first().waitFor()
  const newest = await frames.locator('tbody tr .link-button').first().textContent()
  await frames.getByRole('button', { name: '下一页' }).click()
  await frames.getByText('第 2 页').waitFor()
  await page.waitForFunction((first) => {
    const seen = document.querySelector('[aria-label="报文"] tbody tr .link-button')?.textContent
    return seen && Number(seen.replaceAll(',', '')) < Number(first.replaceAll(',', '')) - 40
  }, newest)
  await frames.getByText('只看有问题的').click()
  await page.waitForFunction(() => {
    const list = document.querySelector('[role=region][aria-label="报文"] table')
    return list?.getAttribute('aria-busy') === 'false' && [...list.querySelectorAll('tbody .col-cause')].every((c) => c.textContent.trim())
  })
  assert.deepEqual(await axe(page), [])
  clean(faults)
})

test('on a phone and in the dark: nothing wider than the screen, nothing unreadable', { skip }, async (t) => {
  const { page, faults } = await open(t, '/d/connections', PHONE)
  await page.locator('tbody tr.clickable').first().waitFor()
  await narrow(page, 'connections')
  assert.deepEqual(await axe(page), [])
  for (const link of await page.locator('nav[aria-label=主菜单] a').all()) {
    const box = await link.boundingBox()
    assert.ok(box.height >= 44 && box.x + box.width <= 390.5, await link.textContent())
  }
  await page.getByRole('button', { name: '切换为深色' }).click()
  assert.deepEqual(await axe(page), [])
  await page.goto(`${server.url}/d/inspect`)
  await page.getByRole('button', { name: '断在中途' }).click()
  const result = page.getByTestId('inspection')
  await result.getByText('可能原因').waitFor()
  await narrow(page, 'inspection')
  const order = await page.evaluate(() => ['粘贴报文', '检查结果', '组装报文'].map((l) => document.querySelector(`section[aria-label="${l}"]`).getBoundingClientRect().top))
  assert.deepEqual(order, [...order].sort((a, b) => a - b), 'the result stands right below what was pasted')
  assert.deepEqual(await axe(page), [])
  await page.getByRole('region', { name: '组装报文' }).getByRole('button', { name: '展开' }).click()
  await narrow(page, 'form')
  assert.deepEqual(await axe(page), [])
  clean(faults)
})
