// Sign-in by a portal in a real browser, against a small provider and a server of its own.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { serveWithPortal, startPortal } from '../../../tests/api/lib/portal.mjs'
import { root } from '../../../tests/api/lib/yuheng.mjs'
import { axe, DESK, launch, missing } from './lib.mjs'

const skip = missing.length ? `set ${missing.join(', ')}` : false
const PASSWORD = 'Correct-horse-9'
let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(() => browser?.close())

async function fresh(t) {
  const context = await browser.newContext({ ...DESK, locale: 'zh-CN' })
  t.after(() => context.close())
  return context.newPage()
}

test('an account is linked with the portal, signs in by it, and comes back to its page', { skip }, async (t) => {
  const portal = await startPortal(t)
  const { server } = await serveWithPortal(t, portal, { users: ['duty1'], password: PASSWORD, args: ['--web', join(root, 'web/dist')] })
  const page = await fresh(t)
  await page.goto(`${server.url}/d/account`)
  await page.getByRole('link', { name: '统一门户登录' }).click()
  await page.getByText('还没有绑定本系统的账号').waitFor()
  assert.deepEqual(await axe(page), [])
  await page.getByLabel('账号').fill('duty1')
  await page.getByLabel('密码').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.lamp')
  await page.goto(`${server.url}/d/account`)
  await page.getByRole('link', { name: '绑定' }).click()
  await page.getByText('已绑定').waitFor()
  assert.deepEqual(await axe(page), [])

  const other = await fresh(t)
  await other.goto(`${server.url}/d/connections`)
  await other.getByRole('link', { name: '统一门户登录' }).click()
  await other.waitForURL(/\/d\/connections$/)
  await other.waitForSelector('.lamp')
  await other.reload()
  await other.waitForSelector('.lamp')

  await page.getByRole('button', { name: '解除绑定' }).click()
  await page.getByText('未绑定').waitFor()
})
