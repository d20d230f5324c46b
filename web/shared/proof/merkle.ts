/**
 * Inclusion proofs of the evidence log: the tree of RFC 6962 section 2.1 with SM3. The walk is kept step by step, so
 * that a page can show it and an officer can follow it.
 */
import { fromHex, sm3, toHex } from './sm3.ts'

export interface ProofStep {
  /** Where the neighbour stands. */
  side: 'left' | 'right'
  neighbour: string
  result: string
}

export interface ProofWalk { ok: boolean; computed: string; steps: ProofStep[]; fault: string | null }

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const m = new Uint8Array(1 + left.length + right.length)
  m[0] = 1
  m.set(left, 1)
  m.set(right, 1 + left.length)
  return sm3(m)
}

export function leafHash(record: Uint8Array): Uint8Array {
  const m = new Uint8Array(1 + record.length)
  m.set(record, 1)
  return sm3(m)
}

const failed = (fault: string, computed = '', steps: ProofStep[] = []): ProofWalk => ({ ok: false, computed, steps, fault })

/** Indexes are below 2^53, but pass 2^32: halves are taken by division. */
const half = (n: number): number => Math.floor(n / 2)

export function walkInclusion(leaf: string, index: number, size: number, path: string[], root: string): ProofWalk {
  let hash = fromHex(leaf)
  if (!hash || hash.length !== 32) return failed('叶哈希不是 32 字节')
  if (!(index >= 0 && index < size)) return failed('记录序号不在树的范围内')
  let at = index
  let last = size - 1
  const steps: ProofStep[] = []
  for (const text of path) {
    const neighbour = fromHex(text)
    if (!neighbour || neighbour.length !== 32) return failed('路径中有不是 32 字节的哈希', toHex(hash), steps)
    if (last === 0) return failed('路径比树高还长', toHex(hash), steps)
    const side = at % 2 === 1 || at === last ? 'left' : 'right'
    hash = side === 'left' ? joined(neighbour, hash) : joined(hash, neighbour)
    // On the right edge a node without neighbour moves up unchanged.
    if (side === 'left') while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)]
    ;[at, last] = [half(at), half(last)]
    steps.push({ side, neighbour: text.toLowerCase(), result: toHex(hash) })
  }
  const computed = toHex(hash)
  if (last !== 0) return failed('路径不完整，到不了树根', computed, steps)
  if (computed !== root.toLowerCase()) return failed('算得的树根与给出的树根不一致', computed, steps)
  return { ok: true, computed, steps, fault: null }
}
