/** One row per time from the reported series (one per field) and the recomputed one. Pure. */
import type { Point, Recomputed } from '../api/types.ts'
import { differenceText, differsBeyondRounding } from './decimal.ts'
import { millis } from './format.ts'

export interface HistoryRow {
  t: number
  time: string
  avg: Point | null
  min: Point | null
  max: Point | null
  recomputed: Recomputed | null
  difference: string | null
  differs: boolean
  flag: string | null
  versions: number
  seq: number | null
}

function emptyRow(t: number, time: string): HistoryRow {
  return { t, time, avg: null, min: null, max: null, recomputed: null, difference: null, differs: false, flag: null, versions: 0, seq: null }
}

/** Means of means can be held against each other. A mean that the analyser took over all its samples cannot be held
 *  against the few real-time values it sent: that difference is shown, not marked. */
const isComparable = (r: Recomputed | null): boolean => r !== null && r.source !== 'rtd'

function finished(row: HistoryRow): HistoryRow {
  const reported = [row.avg, row.min, row.max].filter((p): p is Point => p !== null)
  const first = reported[0]
  return {
    ...row,
    difference: differenceText(row.avg?.value, row.recomputed?.avg),
    differs: isComparable(row.recomputed) && differsBeyondRounding(row.avg?.value, row.recomputed?.avg),
    flag: reported.find((p) => p.flag)?.flag ?? row.recomputed?.flag ?? null,
    versions: Math.max(0, ...reported.map((p) => p.versions)),
    seq: first ? first.seq : null,
  }
}

/** Newest first. */
export function historyRows(avg: Point[], min: Point[], max: Point[], recomputed: Recomputed[]): HistoryRow[] {
  const rows = new Map<number, HistoryRow>()
  const at = (time: string): HistoryRow | null => {
    const t = millis(time)
    if (t === null) return null
    const row = rows.get(t) ?? emptyRow(t, time)
    rows.set(t, row)
    return row
  }
  const fill = (points: Point[], name: 'avg' | 'min' | 'max'): void => {
    for (const p of points) {
      const row = at(p.time)
      if (row) row[name] = p
    }
  }
  fill(avg, 'avg')
  fill(min, 'min')
  fill(max, 'max')
  for (const r of recomputed) {
    const row = at(r.time)
    if (row) row.recomputed = r
  }
  return [...rows.values()].map(finished).sort((a, b) => b.t - a.t)
}
