/** Times and counts as officers read them. All times are Beijing time, whatever the clock of the computer says. */

export const BEIJING_MS = 8 * 3600_000
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const two = (n: number): string => String(n).padStart(2, '0')

export function millis(time: string | null | undefined): number | null {
  if (!time) return null
  const t = Date.parse(time)
  return Number.isNaN(t) ? null : t
}

interface Parts { y: number; mo: number; d: number; h: number; mi: number; s: number }

function parts(t: number): Parts {
  const b = new Date(t + BEIJING_MS)
  return {
    y: b.getUTCFullYear(), mo: b.getUTCMonth() + 1, d: b.getUTCDate(),
    h: b.getUTCHours(), mi: b.getUTCMinutes(), s: b.getUTCSeconds(),
  }
}

/** 2026-11-23 08:15:30 */
export function fullTime(time: string | null | undefined): string {
  const t = millis(time)
  if (t === null) return '—'
  const p = parts(t)
  return `${p.y}-${two(p.mo)}-${two(p.d)} ${two(p.h)}:${two(p.mi)}:${two(p.s)}`
}

/** MM-DD HH:mm within this year, otherwise with the year. */
export function shortTime(time: string | null | undefined, now = Date.now()): string {
  const t = millis(time)
  if (t === null) return '—'
  const p = parts(t)
  const head = p.y === parts(now).y ? '' : `${p.y}-`
  return `${head}${two(p.mo)}-${two(p.d)} ${two(p.h)}:${two(p.mi)}`
}

/** HH:mm:ss, for things of today. */
export function clockTime(time: string | null | undefined): string {
  const t = millis(time)
  if (t === null) return '—'
  const p = parts(t)
  return `${two(p.h)}:${two(p.mi)}:${two(p.s)}`
}

/** RFC 3339 with +08:00, as the interface wants it. */
export function isoBeijing(t: number): string {
  const ms = t % 1000
  return `${new Date(t + BEIJING_MS).toISOString().slice(0, 19)}${ms ? `.${String(ms).padStart(3, '0')}` : ''}+08:00`
}

export function ago(time: string | null | undefined, now = Date.now()): string {
  const t = millis(time)
  if (t === null) return '—'
  const gap = now - t
  if (gap < 10_000) return '刚刚'
  if (gap < MINUTE) return `${Math.floor(gap / 1000)} 秒前`
  if (gap < HOUR) return `${Math.floor(gap / MINUTE)} 分钟前`
  if (gap < DAY) return `${Math.floor(gap / HOUR)} 小时前`
  return `${Math.floor(gap / DAY)} 天前`
}

export function duration(ms: number): string {
  const t = Math.max(0, ms)
  if (t < MINUTE) return `${Math.floor(t / 1000)} 秒`
  if (t < HOUR) return `${Math.floor(t / MINUTE)} 分钟`
  const rest = (n: number, word: string) => (n ? ` ${n} ${word}` : '')
  if (t < DAY) return `${Math.floor(t / HOUR)} 小时${rest(Math.floor((t % HOUR) / MINUTE), '分')}`
  return `${Math.floor(t / DAY)} 天${rest(Math.floor((t % DAY) / HOUR), '小时')}`
}

/** "快 3 秒" / "慢 2 分 5 秒": the logger's clock against ours. */
export function clockOffset(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '—'
  const s = Math.round(Math.abs(seconds))
  if (s === 0) return '一致'
  const word = seconds > 0 ? '快' : '慢'
  if (s < 60) return `${word} ${s} 秒`
  if (s < 3600) return `${word} ${Math.floor(s / 60)} 分${s % 60 ? ` ${s % 60} 秒` : ''}`
  return `${word} ${duration(s * 1000)}`
}

/** 12,345 */
export function count(n: number | null | undefined): string {
  return n === null || n === undefined ? '—' : Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ',')
}

export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return '—'
  if (n < 1024) return `${n} B`
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} KB`
  if (n < 1024 ** 3) return `${(n / 1024 ** 2).toFixed(1)} MB`
  return `${(n / 1024 ** 3).toFixed(2)} GB`
}

/** First and last eight characters of a hash. */
export function shortHash(hex: string | null | undefined): string {
  const h = hex ?? ''
  return h.length > 20 ? `${h.slice(0, 8)}…${h.slice(-8)}` : h
}
