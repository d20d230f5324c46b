/** Reads the three lines of a checkpoint text: origin, number of records, root in base64. */
import { toHex } from './sm3.ts'

export interface CheckpointText { origin: string; size: number; root: string }

export function readCheckpoint(text: string): CheckpointText | null {
  const [origin, size, root] = text.split('\n')
  if (!origin || !/^\d+$/.test(size ?? '') || !root) return null
  try {
    const raw = atob(root.trim())
    return { origin, size: Number(size), root: toHex(Uint8Array.from(raw, (c) => c.charCodeAt(0))) }
  } catch {
    return null
  }
}
