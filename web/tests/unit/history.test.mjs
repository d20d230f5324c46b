import assert from 'node:assert/strict'
import test from 'node:test'
import { historyRows } from '../../.cache/unit/lib/history.js'

const point = (time, value, more = {}) => ({ time, value, flag: 'N', seq: 1, versions: 1, ...more })
const again = (time, avg, source) => ({ from: time, time, avg, min: avg, max: avg, valid: 6, total: 6, flag: 'N', source })

test('one row a time, newest first, reported beside recomputed', () => {
  const rows = historyRows(
    [point('2026-11-02T08:00:00+08:00', '1.0'), point('2026-11-02T09:00:00+08:00', '2.0', { seq: 9 })],
    [point('2026-11-02T09:00:00+08:00', '0.5', { seq: 9 })], [],
    [again('2026-11-02T09:00:00+08:00', '2.0', 'minute'), again('2026-11-02T10:00:00+08:00', '3.0', 'minute')])
  assert.deepEqual(rows.map((r) => r.time.slice(11, 13)), ['10', '09', '08'])
  assert.equal(rows[0].avg, null)
  assert.equal(rows[0].seq, null)
  assert.equal(rows[1].min.value, '0.5')
  assert.equal(rows[1].seq, 9)
  assert.equal(rows[1].differs, false)
  assert.equal(rows[2].recomputed, null)
})

test('means of means are held against each other, means of samples are not', () => {
  const time = '2026-11-02T09:00:00+08:00'
  const differs = (source) => historyRows([point(time, '7.7')], [], [], [again(time, '4.0', source)])[0]
  assert.equal(differs('minute').differs, true)
  assert.equal(differs('hour').differs, true)
  assert.equal(differs('rtd').differs, false)
  assert.equal(differs('rtd').difference, differs('minute').difference, 'the difference itself is shown either way')
})

test('a recomputed value meets the row by the time the station gives the period', () => {
  const ended = { ...again('2026-11-02T09:00:00+08:00', '2.0', 'minute'), from: '2026-11-02T08:00:00+08:00' }
  const rows = historyRows([point('2026-11-02T09:00:00+08:00', '2.0')], [], [], [ended])
  assert.equal(rows.length, 1)
  assert.equal(rows[0].difference !== null, true)
})
