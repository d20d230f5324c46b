/** Cuts the escaped text of a frame where its parts are: length, segment, check code, tail. */

export interface FrameParts { length: string; segment: string; crc: string; tail: string }

export function cutFrame(raw: string): FrameParts | null {
  const m = /^##(\d{4})([\s\S]*)$/.exec(raw)
  if (!m) return null
  const tail = /(?:\\[rn])*$/.exec(m[2] ?? '')?.[0] ?? ''
  const rest = (m[2] ?? '').slice(0, (m[2] ?? '').length - tail.length)
  const crc = /[0-9A-Fa-f]{4}$/.exec(rest)?.[0] ?? ''
  return { length: m[1] ?? '', segment: rest.slice(0, rest.length - crc.length), crc, tail }
}
