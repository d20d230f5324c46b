import assert from 'node:assert/strict'
import test from 'node:test'
import { sumByStation } from '../../.cache/unit/lib/growth.js'

test('growth is summed by station over all days, the largest first', () => {
  const row = (day, mn, records, bytes) => ({ day, mn, records, bytes })
  assert.deepEqual(sumByStation([]), [])
  assert.deepEqual(
    sumByStation([row('2026-11-25', 'A', 1, 10), row('2026-11-25', null, 2, 25), row('2026-11-24', 'B', 3, 40), row('2026-11-24', 'A', 4, 20)]),
    [{ mn: 'B', records: 3, bytes: 40 }, { mn: 'A', records: 5, bytes: 30 }, { mn: null, records: 2, bytes: 25 }],
  )
})
