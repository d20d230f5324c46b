// Forwarding in a real browser: a target is set up, works, is paused, changed and removed.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import test, { after, before } from 'node:test'
import { ask, axe, DESK, frameOf, launch, missing, PHONE, signIn, server, watchedPage } from './lib.mjs'

const skip = missing.length ? `set ${missing.join(', ')}` : false
let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(() => browser?.close())

/** An upstream platform that acknowledges everything except what `refuses` says. */
async function startPeer(t, refuses) {
  const sockets = new Set()
  const peer = createServer((socket) => {
    let text = ''
    sockets.add(socket)
    socket.setEncoding('latin1').on('error', () => {}).on('close', () => sockets.delete(socket)).on('data', (chunk) => {
      text += chunk
      for (let m; (m = /##(\d{4})/.exec(text)) && text.length >= m.index + 10 + Number(m[1]);) {
        const segment = text.slice(m.index + 6, m.index + 6 + Number(m[1]))
        text = text.slice(m.index + 10 + Number(m[1]))
        const qn = /QN=(\d+)/.exec(segment)?.[1] ?? '', [, mn] = /MN=([^;]+)/.exec(segment)
        socket.write(frameOf(refuses(segment) ? `QN=${qn};ST=91;CN=9011;PW=1;MN=${mn};Flag=4;CP=&&QnRtn=3&&` : `QN=${qn};ST=91;CN=9014;PW=1;MN=${mn};Flag=4;CP=&&&&`))
      }
    })
  })
  await new Promise((done) => peer.listen(0, '127.0.0.1', done))
  t.after(() => { sockets.forEach((s) => s.destroy()); peer.close() })
  return peer.address().port
}

async function open(t, options) {
  const context = await browser.newContext({ ...options, locale: 'zh-CN' })
  t.after(() => context.close())
  return watchedPage(context)
}

test('a target is set up by its form, forwards, shows what was set aside, is paused, changed and removed', { skip }, async (t) => {
  let first = null
  const port = await startPeer(t, (segment) => {
    const mn = /MN=([^;]+)/.exec(segment)[1]
    first ??= mn
    return mn === first // one station has no account there
  })
  const { page, faults } = await open(t, DESK)
  await signIn(page, '/d/relays')
  await page.waitForSelector('text=还没有转发目标')
  await page.getByRole('button', { name: '新增转发目标' }).click()
  await page.getByRole('button', { name: '保存' }).click()
  await page.waitForSelector('text=请填写上级平台名称')
  await page.waitForSelector('text=3 处待改')
  await page.getByLabel('上级平台名称').fill('市级平台')
  await page.getByLabel('地址', { exact: true }).fill('127.0.0.1')
  await page.getByLabel('端口').fill(server.gate.split(':')[1])
  await page.getByText('改写后转发').click()
  await page.getByLabel('同站间隔（秒）').fill('0')
  await page.getByLabel('应答超时（秒）').fill('0.1')
  assert.deepEqual(await axe(page), [])
  await page.getByRole('button', { name: '保存' }).click()
  await page.waitForSelector('text=本平台自身') // our own gate is refused; what was typed stays
  assert.equal(await page.getByLabel('上级平台名称').inputValue(), '市级平台')
  faults.length = 0 // the browser itself reports the refused call
  await page.getByLabel('端口').fill(String(port))
  await page.getByRole('button', { name: '保存' }).click()
  const detail = page.getByTestId('relay')
  await detail.waitFor()
  await page.waitForFunction(() => /转发中/.test(document.querySelector('[data-testid=relay]')?.textContent ?? ''))
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=relay] tbody tr').length > 0, null, { timeout: 60_000 })
  assert.match(await detail.textContent(), /对方拒收：返回码 3（访问密码错误）/)
  assert.deepEqual(await axe(page), [])
  if (process.env.YUHENG_PICTURES) await page.screenshot({ path: `${process.env.YUHENG_PICTURES}/relay-drawer.png` })
  await detail.locator('tbody .link-button').first().click()
  await page.waitForSelector('[data-testid=frame]')
  await page.keyboard.press('Escape')
  await detail.getByRole('button', { name: '暂停' }).click()
  await page.waitForFunction(() => /已暂停/.test(document.querySelector('[data-testid=relay]')?.textContent ?? ''))
  await detail.getByRole('button', { name: '编辑' }).click()
  await page.getByLabel('上级平台名称').fill('重庆市级平台')
  await page.getByRole('button', { name: '保存' }).click()
  await page.waitForSelector('text=转发目标 重庆市级平台')
  const [relay] = (await ask(page, '/api/v1/relays')).items
  assert.deepEqual([relay.name, relay.paused, relay.answer_ms, relay.mode], ['重庆市级平台', true, 100, 'rewrite'])
  assert.ok(relay.acknowledged > 0)
  await detail.getByRole('button', { name: '删除' }).click()
  await page.waitForSelector('text=删除后不可恢复')
  await page.getByRole('dialog', { name: '删除转发目标' }).getByRole('button', { name: '删除' }).click()
  await page.waitForSelector('text=还没有转发目标')
  assert.equal((await ask(page, '/api/v1/relays')).total, 0)
  assert.deepEqual(faults, [])
})

test('on a phone the list, the detail and the form fit the screen', { skip }, async (t) => {
  const port = await startPeer(t, () => false)
  const { page, faults } = await open(t, PHONE)
  const narrow = async (where) => assert.ok((await page.evaluate(() => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll('main, .el-drawer__body')].map((e) => e.scrollWidth)))) <= 390, where)
  await signIn(page, '/d/relays')
  await page.getByRole('button', { name: '新增转发目标' }).click()
  await page.getByLabel('上级平台名称').fill('市级平台')
  await page.getByLabel('地址', { exact: true }).fill('127.0.0.1')
  await page.getByLabel('端口').fill(String(port))
  await narrow('form')
  if (process.env.YUHENG_PICTURES) await page.screenshot({ path: `${process.env.YUHENG_PICTURES}/relay-form-phone.png` })
  await page.getByRole('button', { name: '保存' }).click()
  await page.getByTestId('relay').waitFor()
  await narrow('detail')
  assert.deepEqual(await axe(page), [])
  if (process.env.YUHENG_PICTURES) await page.screenshot({ path: `${process.env.YUHENG_PICTURES}/relay-drawer-phone.png` })
  await page.locator('.el-drawer__close-btn:visible').click()
  await page.locator('tbody tr.clickable').waitFor()
  await page.waitForSelector('.el-drawer', { state: 'hidden' })
  await narrow('list')
  if (process.env.YUHENG_PICTURES) await page.screenshot({ path: `${process.env.YUHENG_PICTURES}/relay-list-phone.png` })
  assert.deepEqual(faults, [])
})
