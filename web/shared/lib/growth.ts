/** Growth figures of the evidence log, summed over days. */
import type { EvidenceGrowthRow } from '../api/schema.ts'

export interface StationGrowth { mn: string | null; records: number; bytes: number }

/** One row per station, most bytes first. */
export function sumByStation(rows: readonly EvidenceGrowthRow[]): StationGrowth[] {
  const sums = new Map<string | null, StationGrowth>()
  for (const { mn, records, bytes } of rows) {
    const sum = sums.get(mn) ?? { mn, records: 0, bytes: 0 }
    sums.set(mn, { mn, records: sum.records + records, bytes: sum.bytes + bytes })
  }
  return [...sums.values()].sort((a, b) => b.bytes - a.bytes)
}
