/** A factor has the same colour on every page, in both editions of the standard. */

const FIXED: Record<string, number> = {
  '011': 1, w01018: 1, '060': 2, w21003: 2, '101': 3, w21011: 3, '065': 4, w21001: 4, '001': 5, w01001: 5, w01010: 7,
  '01': 7, a34013: 7, '02': 2, a21026: 2, '03': 1, a21002: 1, S01: 3, a19001: 3, S02: 6, a01011: 6, S03: 4, a01012: 4,
  B01: 8, w00000: 8, B02: 8, a00000: 8, S08: 5, a01013: 5, S05: 6, a01014: 6,
}
const COLOURS = 8

export function colourIndex(code: string): number {
  const known = FIXED[code]
  if (known) return known
  let sum = 0
  for (const c of code) sum = (sum * 31 + c.charCodeAt(0)) >>> 0
  return (sum % COLOURS) + 1
}

export const colourToken = (code: string): string => `--series-${colourIndex(code)}`

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}
