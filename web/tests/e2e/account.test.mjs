// The own account in a real browser: second factor, devices, machine tokens.
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { appCode } from '../../../tests/api/lib/totp.mjs'
import { axe, DESK, launch, missing, PHONE, signIn, server, watchedPage } from './lib.mjs'

const skip = missing.length ? `set ${missing.join(', ')}` : false
let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(() => browser?.close())

async function open(t, options) {
  const context = await browser.newContext({ ...options, locale: 'zh-CN' })
  t.after(() => context.close())
  return watchedPage(context)
}

/** The browser itself writes the refusals that the tests ask for to the console. */
const clean = (faults) => assert.deepEqual(faults.filter((f) => !/status of 40[13]/.test(f)), [])

async function enable(page) {
  await page.getByRole('button', { name: '启用' }).click()
  const dialog = page.getByRole('dialog', { name: '启用动态口令' })
  await dialog.getByLabel('密码').fill(server.password)
  await dialog.getByRole('button', { name: '下一步' }).click()
  const secret = (await dialog.getByTestId('factor-secret').textContent()).replaceAll(' ', '')
  await dialog.getByRole('img', { name: /二维码/ }).waitFor()
  await dialog.getByLabel('动态口令').fill('000000')
  await dialog.getByRole('button', { name: '下一步' }).click()
  await dialog.getByText('动态口令不正确').waitFor()
  const step = Math.floor(Date.now() / 30_000)
  await dialog.getByLabel('动态口令').fill(appCode(secret, step))
  await dialog.getByRole('button', { name: '下一步' }).click()
  await dialog.getByText('只显示这一次').waitFor()
  const codes = await dialog.locator('.codes li').allTextContents()
  assert.deepEqual(await axe(page), [])
  await dialog.getByRole('button', { name: '已保管好' }).click()
  return { codes, next: appCode(secret, step + 1) }
}

test('a second factor is enabled, asked for at sign-in, and removed', { skip }, async (t) => {
  const { page, faults } = await open(t, DESK)
  await signIn(page)
  await page.getByRole('button', { name: '用户菜单' }).click()
  await page.getByRole('menuitem', { name: '账号安全' }).click()
  const app = await enable(page)
  await page.getByText('还有 10 个恢复码可用').waitFor()

  const { page: other, faults: otherFaults } = await open(t, DESK)
  await other.goto(`${server.url}/d/account`)
  await other.getByLabel('账号').fill(server.user)
  await other.getByLabel('密码').fill(server.password)
  await other.keyboard.press('Enter')
  await other.getByLabel('动态口令').fill('000000')
  await other.keyboard.press('Enter')
  await other.getByText('密码或动态口令不正确').waitFor()
  assert.deepEqual(await axe(other), [])
  await other.getByLabel('动态口令').fill(app.next)
  await other.keyboard.press('Enter')
  await other.getByText('还有 10 个恢复码可用').waitFor()
  await other.getByRole('button', { name: '停用', exact: true }).first().click()
  const dialog = other.getByRole('dialog', { name: '停用动态口令' })
  await dialog.getByLabel('密码').fill(server.password)
  await dialog.getByLabel('动态口令或恢复码').fill(app.codes[0])
  await dialog.getByRole('button', { name: '停用' }).click()
  await other.getByText('未启用').waitFor()
  clean(faults)
  clean(otherFaults)
})

test('a device is signed out from another', { skip }, async (t) => {
  const [here, there] = [await open(t, DESK), await open(t, DESK)]
  await signIn(there.page)
  await signIn(here.page, '/d/account')
  const devices = here.page.getByRole('region', { name: '登录设备', exact: true }).first()
  await devices.getByText('Chrome · Linux').first().waitFor()
  await here.page.getByRole('button', { name: '退出其他设备' }).click()
  await here.page.waitForFunction(() => document.querySelectorAll('[role=region][aria-label="登录设备"] tbody tr').length === 1)
  await there.page.goto(`${server.url}/d/connections`)
  await there.page.getByLabel('账号').waitFor()
  assert.deepEqual(await axe(here.page), [])
  clean(here.faults)
})

test('a machine token is made, works, and is revoked', { skip }, async (t) => {
  const { page, faults } = await open(t, DESK)
  await signIn(page, '/d/account')
  await page.getByRole('button', { name: '新增' }).click()
  const dialog = page.getByRole('dialog', { name: '新增接口令牌' })
  await dialog.getByRole('button', { name: '提交' }).click()
  await dialog.getByText('请至少选择一项权限').waitFor()
  await dialog.getByLabel('用途').fill('市数据中心')
  await dialog.getByText('查看监测数据').click()
  await dialog.getByRole('button', { name: '提交' }).click()
  const header = (await dialog.getByTestId('made-token').textContent()).trim()
  assert.deepEqual(await axe(page), [])
  const call = () => fetch(`${server.url}/api/v1/stations`, { headers: { Authorization: header.replace('Authorization: ', '') } })
  assert.equal((await call()).status, 200)
  await dialog.getByRole('button', { name: '已保存' }).click()
  const row = page.locator('[role=region][aria-label="接口令牌"] tbody tr').filter({ hasText: '市数据中心' }).first()
  await row.getByRole('button', { name: '停用' }).click()
  await row.getByText('已停用').waitFor()
  assert.equal((await call()).status, 401)
  clean(faults)
})

test('on a phone the account page fits the screen', { skip }, async (t) => {
  const { page, faults } = await open(t, PHONE)
  await signIn(page, '/d/account')
  await page.getByRole('heading', { name: '登录设备' }).waitFor()
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth))
  assert.deepEqual(await axe(page), [])
  clean(faults)
})
