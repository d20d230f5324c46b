// Agencies, officers, accounts and grants in a real browser, each by the person who may.
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { ask, axe, DESK, launch, missing, PHONE, server, watchedPage } from './lib.mjs'

const skip = missing.length || !process.env.YUHENG_ACCOUNTS ? 'set YUHENG_URL … YUHENG_ACCOUNTS' : false
const accounts = skip ? [] : JSON.parse(process.env.YUHENG_ACCOUNTS)
const pictures = process.env.YUHENG_PICTURES
let browser
before(async () => {
  if (!skip) browser = await launch()
})
after(() => browser?.close())

async function enter(t, role, path, options = DESK) {
  const { username, password } = accounts.find((a) => a.role === role)
  const context = await browser.newContext({ ...options, locale: 'zh-CN' })
  t.after(() => context.close())
  const opened = await watchedPage(context)
  const { page } = opened
  await page.goto(`${server.url}/d/${path}`)
  await page.getByLabel('账号').fill(username)
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.lamp')
  return opened
}
const shot = async (page, name) => pictures && page.screenshot({ path: `${pictures}/${name}.png` })
const choose = async (page, label, option) => {
  await page.locator('.el-select__wrapper', { has: page.getByRole('combobox', { name: label, exact: true }) }).last().click()
  await page.getByRole('option', { name: option }).locator('visible=true').first().click()
}
const narrow = (page) => page.evaluate(() => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll('main, .el-drawer__body')].map((e) => e.scrollWidth)))

test('personnel sets posts, hires, lends out and sees the rates move', { skip }, async (t) => {
  const { page, faults } = await enter(t, 'personnel', 'agencies')
  await page.waitForSelector('text=重庆市生态环境局')
  assert.equal(await page.locator('nav[aria-label=主菜单] a').count(), 2, 'the menu shows what the role may')
  assert.equal(await page.locator('.list tbody tr').count(), 41)
  await shot(page, 'org-agencies')
  assert.deepEqual(await axe(page), [])
  await page.getByLabel('机构名称或编码').fill('万州')
  await page.getByRole('button', { name: '查询' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.list tbody tr').length === 1)
  await page.locator('.list tbody tr').click()
  const detail = page.getByTestId('agency')
  await detail.getByRole('button', { name: '核定编制' }).click()
  await page.getByLabel('核定数').fill('4')
  await detail.getByRole('button', { name: '保存' }).click()
  await page.waitForSelector('text=0.0 %（0/4）')
  await shot(page, 'org-agency')
  assert.deepEqual(await axe(page), [])
  const [agency] = (await ask(page, '/api/v1/agencies')).items.filter((a) => a.name.startsWith('万州'))

  await page.goto(`${server.url}/d/officers`)
  for (const [n, name] of [['1001', '王建国'], ['1002', '李秀英']]) {
    await page.getByRole('button', { name: '新增人员' }).click()
    await page.getByLabel('姓名', { exact: true }).fill(name)
    await page.getByLabel('工号', { exact: true }).fill(n)
    await choose(page, '编制所在机构', /万州/)
    await page.getByLabel('自何日起').fill('2026-01-01')
    await page.keyboard.press('Enter')
    await shot(page, 'org-officer-form')
    await page.getByRole('button', { name: '保存' }).click()
    await page.getByTestId('officer').waitFor()
    await page.waitForSelector('text=2026-01-01 起')
    await page.keyboard.press('Escape')
  }
  await page.locator('.list tbody tr', { hasText: '李秀英' }).click()
  await page.getByRole('button', { name: '调动或变更' }).click()
  await page.getByText('借调', { exact: true }).last().click()
  await choose(page, '工作机构', '重庆市生态环境局')
  await page.getByLabel('依据').fill('借调函〔2026〕1 号')
  await page.getByRole('button', { name: '保存' }).click()
  await page.waitForSelector('text=借调函〔2026〕1 号')
  await shot(page, 'org-officer')
  assert.deepEqual(await axe(page), [])
  const { staffing } = await ask(page, `/api/v1/agencies/${agency.id}`)
  assert.deepEqual([staffing.post_use, staffing.on_duty, staffing.loaned_out],
    [{ numerator: 2, denominator: 4, percent: '50.0' }, { numerator: 1, denominator: 2, percent: '50.0' }, 1])
  await page.keyboard.press('Escape')
  await shot(page, 'org-officers')
  assert.deepEqual(faults, [])
})

test('one administrator makes an account, another grants, and each sees only his own pages', { skip }, async (t) => {
  const system = await enter(t, 'sysadmin', '')
  await system.page.waitForURL(/agencies/) // the overview is not for him
  await system.page.goto(`${server.url}/d/accounts`)
  await system.page.getByRole('button', { name: '新建账号' }).click()
  await system.page.getByLabel('用户名', { exact: true }).fill('zhao.min')
  await system.page.getByLabel('姓名', { exact: true }).fill('赵敏')
  await system.page.getByRole('button', { name: '新建', exact: true }).click()
  assert.match(await system.page.getByTestId('once').textContent(), /^\S{24}$/)
  await shot(system.page, 'org-account-made')
  assert.deepEqual(await axe(system.page), [])
  assert.deepEqual(system.faults, [])

  const { page, faults } = await enter(t, 'secadmin', 'accounts')
  await page.waitForSelector('text=zhao.min')
  assert.equal(await page.getByRole('button', { name: '新建账号' }).count(), 0)
  await shot(page, 'org-accounts')
  await page.locator('.list tbody tr', { hasText: 'zhao.min' }).click()
  await page.getByTestId('account').getByRole('button', { name: '授予角色' }).click()
  await choose(page, '角色', '值班员')
  await page.getByText('指定区县', { exact: true }).click()
  await choose(page, '区县', '万州区')
  await page.keyboard.press('Escape')
  await page.getByLabel('理由').fill('轮值')
  await shot(page, 'org-grant')
  await page.getByRole('button', { name: '授予', exact: true }).click()
  await page.waitForSelector('text=由此得到的权限与数据范围')
  await page.waitForSelector('text=区县 1 个')
  await shot(page, 'org-account')
  assert.deepEqual(await axe(page), [])
  await page.getByRole('button', { name: '收回' }).click()
  await page.waitForSelector('text=已终止')
  await page.goto(`${server.url}/d/permissions`)
  await page.getByTestId('matrix').waitFor()
  await shot(page, 'org-matrix')
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(faults, [])
})

test('the auditor asks who could see a station', { skip }, async (t) => {
  const admin = accounts.find((a) => a.role === 'admin')
  const api = await (await browser.newContext()).newPage()
  await api.goto(server.url)
  const mn = await api.evaluate(async ([username, password]) => {
    await fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ username, password }) })
    return (await (await fetch('/api/v1/stations?limit=1')).json()).items[0].mn
  }, [admin.username, admin.password])
  await api.context().close()
  const { page, faults } = await enter(t, 'auditor', 'trace')
  await page.getByLabel('设备编码').fill(mn)
  await page.getByRole('button', { name: '查询' }).click()
  await page.waitForSelector('text=全部数据')
  await shot(page, 'org-trace')
  assert.deepEqual(await axe(page), [])
  assert.deepEqual(faults, [])
})

test('on a phone and in the dark the pages fit and can be read', { skip }, async (t) => {
  for (const [role, path, wait] of [['personnel', 'agencies', 'text=重庆市生态环境局'], ['personnel', 'officers', 'role=table'], ['secadmin', 'accounts', 'text=sysadmin'], ['secadmin', 'permissions', 'text=授予角色']]) {
    const { page, faults } = await enter(t, role, path, { ...PHONE, colorScheme: 'dark' })
    if (!(await page.evaluate(() => document.documentElement.classList.contains('dark')))) await page.getByLabel('切换为深色').click()
    await page.waitForSelector(wait, { state: 'attached' })
    assert.ok((await narrow(page)) <= 390, `${path}: ${await narrow(page)}`)
    await shot(page, `org-${path}-phone-dark`)
    assert.deepEqual(await axe(page), [])
    assert.deepEqual(faults, [])
  }
})
