/** The text of a frame between a clipboard and the server. */

const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/

/**
 * What was pasted, as the server may receive it: control characters, which no JSON field of ours takes, are written as
 * escapes, and then everything else that an escape could be mistaken for as well.
 */
export function sendable(text: string): string {
  if (!CONTROL.test(text)) return text
  return text.replace(/[\\\x00-\x1f\x7f]/g, (c) => (c === '\\' ? '\\\\' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`))
}

/** A QN of now: seventeen digits, Beijing time. */
export function newQn(now = Date.now()): string {
  return new Date(now + 8 * 3600_000).toISOString().replace(/\D/g, '').slice(0, 17)
}

/** 20261123081500, Beijing time, the start of the minute. */
export const dataTime = (now = Date.now()): string => `${newQn(now).slice(0, 12)}00`
