/**
 * Measured values and limits are strings of digits and stay strings: comparison works on scaled integers, never on
 * binary floating point.
 */

export interface Decimal { units: bigint; scale: number }

const FORM = /^([+-]?)(\d+)(?:\.(\d*))?$|^([+-]?)\.(\d+)$/

export function parseDecimal(text: string | null | undefined): Decimal | null {
  const m = FORM.exec((text ?? '').trim())
  if (!m) return null
  const sign = m[1] || m[4] || ''
  const whole = m[2] ?? '0'
  const part = m[3] ?? m[5] ?? ''
  const units = BigInt(whole + part)
  return { units: sign === '-' ? -units : units, scale: part.length }
}

const ten = (n: number): bigint => 10n ** BigInt(n)

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale)
  return [a.units * ten(scale - a.scale), b.units * ten(scale - b.scale), scale]
}

export function compareDecimal(a: Decimal, b: Decimal): number {
  const [x, y] = aligned(a, b)
  return x < y ? -1 : x > y ? 1 : 0
}

export function formatDecimal(d: Decimal): string {
  const negative = d.units < 0n
  const digits = (negative ? -d.units : d.units).toString().padStart(d.scale + 1, '0')
  const cut = digits.length - d.scale
  const text = d.scale ? `${digits.slice(0, cut)}.${digits.slice(cut)}` : digits
  return negative ? `-${text}` : text
}

/** a - b with a sign, or null when one is missing. */
export function differenceText(a: string | null | undefined, b: string | null | undefined): string | null {
  const x = parseDecimal(a)
  const y = parseDecimal(b)
  if (!x || !y) return null
  const [p, q, scale] = aligned(x, y)
  const text = formatDecimal({ units: p - q, scale })
  return p > q ? `+${text}` : text
}

/**
 * True when two values differ by more than rounding explains: by one unit or more in the last place of the coarser one.
 * (Rounding explains half a unit, cutting off less than one.)
 */
export function differsBeyondRounding(a: string | null | undefined, b: string | null | undefined): boolean {
  const x = parseDecimal(a)
  const y = parseDecimal(b)
  if (!x || !y) return false
  const [p, q, scale] = aligned(x, y)
  const gap = p > q ? p - q : q - p
  return gap >= ten(scale - Math.min(x.scale, y.scale)) && gap > 0n
}

/** Limits are one number ("50") or a range ("6-9", "6~9"). */
export function limitRange(limit: string | null | undefined): { low: Decimal | null; high: Decimal | null } | null {
  const text = (limit ?? '').trim()
  const m = /^(\d+(?:\.\d+)?)\s*[-~\uff5e–—]\s*(\d+(?:\.\d+)?)$/.exec(text)
  if (m) return { low: parseDecimal(m[1]), high: parseDecimal(m[2]) }
  const high = parseDecimal(text)
  return high ? { low: null, high } : null
}

export function exceedsLimit(value: string | null | undefined, limit: string | null | undefined): boolean {
  const v = parseDecimal(value)
  const range = limitRange(limit)
  if (!v || !range) return false
  if (range.high && compareDecimal(v, range.high) > 0) return true
  return range.low !== null && compareDecimal(v, range.low) < 0
}

/** For drawing only: pixels need a number. */
export function toNumber(text: string | null | undefined): number | null {
  const d = parseDecimal(text)
  return d ? Number(formatDecimal(d)) : null
}

/** Thousands in the whole part; the digits stay as reported. */
export function grouped(text: string | null | undefined): string {
  const m = /^([+-]?)(\d+)(\.\d+)?$/.exec(text ?? '')
  if (!m) return text ?? ''
  return (m[1] ?? '') + (m[2] ?? '').replace(/\B(?=(\d{3})+$)/g, ',') + (m[3] ?? '')
}
