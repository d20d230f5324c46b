/** Events of the stream folded into what a page shows. Pure: the page decides when to draw. */
import type { Latest, Station, StationEvent, ValueEvent } from '../api/types.ts'
import { exceedsLimit } from './decimal.ts'
import { millis } from './format.ts'
import { flagWord, isNormalFlag } from './words.ts'

function fresher(old: Latest, e: ValueEvent): Latest {
  const cell = e.cells.find((c) => c.factor === old.factor && c.field === old.field)
  if (!cell || (millis(e.time) ?? 0) < (millis(old.time) ?? 0)) return old
  return {
    ...old, value: cell.value, flag: cell.flag, flag_name: flagWord(cell.flag), time: e.time, seq: e.seq,
    exceeds: isNormalFlag(cell.flag) && exceedsLimit(cell.value, old.limit),
  }
}

/** True when the event carries a real-time factor the page does not know yet: name, unit and limit must be asked for. */
export function hasNewFactor(station: Station, e: ValueEvent): boolean {
  if (station.mn !== e.mn || e.kind !== 'rtd') return false
  return e.cells.some((c) => c.field === 'Rtd' && !station.latest.some((l) => l.factor === c.factor && l.field === 'Rtd'))
}

/** The newest by the time of measurement wins, not by arrival: back-filled values do not replace newer ones. */
export function withValue<T extends Station>(station: T, e: ValueEvent): T {
  if (station.mn !== e.mn) return station
  const newer = e.kind === 'rtd' && (millis(e.time) ?? 0) > (millis(station.last_data_time) ?? 0)
  return {
    ...station,
    latest: station.latest.map((l) => fresher(l, e)),
    last_received: e.received,
    last_data_time: newer ? e.time : station.last_data_time,
  }
}

export function withState<T extends Station>(station: T, e: StationEvent): T {
  if (station.mn !== e.mn) return station
  return { ...station, state: e.state, state_since: e.state_since, connected: e.connected, last_received: e.last_received ?? station.last_received }
}
