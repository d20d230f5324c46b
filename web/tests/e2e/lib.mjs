// What the browser tests share: the server under test, a browser, a page that notices faults, a logger that sends frames.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { chromium } from 'playwright-core'

export const server = {
  url: (process.env.YUHENG_URL ?? '').replace(/\/$/, ''),
  gate: process.env.YUHENG_GATE ?? '',
  user: process.env.YUHENG_USER ?? '',
  password: process.env.YUHENG_PASSWORD ?? '',
}
export const missing = ['url', 'gate', 'user', 'password'].filter((k) => !server[k]).map((k) => `YUHENG_${k.toUpperCase()}`)

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
export const DESK = { viewport: { width: 1440, height: 900 } }
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })

/** A page that writes down console errors, policy violations and requests to other hosts. */
export async function watchedPage(context) {
  const page = await context.newPage()
  const faults = []
  await page.exposeFunction('__violation', (what) => faults.push(`policy: ${what}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => window.__violation(`${e.violatedDirective} ${e.blockedURI}`))
  })
  page.on('console', (m) => m.type() === 'error' && faults.push(`console: ${m.text()}`))
  page.on('pageerror', (e) => faults.push(`error: ${e.message}`))
  page.on('request', (r) => {
    const url = r.url()
    if (!url.startsWith(`${server.url}/`) && !url.startsWith('blob:')) faults.push(`foreign: ${url}`)
  })
  page.setDefaultTimeout(15_000)
  return { page, faults }
}

export async function signIn(page, path = '/d/') {
  await page.goto(server.url + path)
  await page.getByLabel('账号').fill(server.user)
  await page.getByLabel('密码').fill(server.password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.lamp')
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Serious and critical findings, one line each; of colours that have arrived, not of those on their way there. */
export async function axe(page) {
  await page.evaluate(() => Promise.allSettled(document.getAnimations()
    .filter((a) => a.effect?.getComputedTiming().endTime !== Infinity)
    .map((a) => a.finished)))
  await page.evaluate(axeSource)
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations)
  return found
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.any[0]?.message ?? n.all[0]?.message ?? ''}`))
}

function crc16(text) {
  let crc = 0xffff
  for (const byte of Buffer.from(text, 'latin1')) {
    crc = (crc >> 8) ^ byte
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1
  }
  return crc.toString(16).toUpperCase().padStart(4, '0')
}

export const frameOf = (segment) => `##${String(segment.length).padStart(4, '0')}${segment}${crc16(segment)}\r\n`

/** 20261125101530, Beijing time. */
export const stamp = (t = Date.now()) => new Date(t + 8 * 3600_000).toISOString().replace(/\D/g, '').slice(0, 14)

/** Sends one frame and waits for the answer that says it is durable. */
export function sendFrame(segment) {
  const [host, port] = server.gate.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(frameOf(segment), 'latin1'))
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error('the gate did not answer'))
    }, 10_000)
    socket.on('data', (d) => {
      clearTimeout(timer)
      socket.end()
      resolve(d.toString('latin1'))
    })
    socket.on('error', reject)
  })
}

/** Asks the interface with the session of the page. */
export const ask = (page, path) => page.evaluate((p) => fetch(p).then((r) => r.json()), path)
