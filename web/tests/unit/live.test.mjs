import assert from 'node:assert/strict'
import test from 'node:test'
import { flagBands, usualStep, withGaps } from '../../.cache/unit/chart/gaps.js'
import { colourIndex } from '../../.cache/unit/chart/colours.js'
import { hasNewFactor, withState, withValue } from '../../.cache/unit/lib/live-station.js'
import { Hub } from '../../.cache/unit/live/hub.js'

/** Timers that run when told. */
function clockwork() {
  const due = new Map()
  let n = 0
  return {
    set: (fn, ms) => (due.set(++n, { fn, ms }), n),
    clear: (h) => due.delete(h),
    run(ms) {
      for (const [h, t] of [...due]) if (t.ms === ms && due.delete(h)) t.fn()
    },
    get waiting() {
      return due.size
    },
  }
}

function bench() {
  const sources = []
  const timers = clockwork()
  const open = () => {
    const s = { readyState: 0, onopen: null, onerror: null, on: {}, closed: false, addEventListener: (n, f) => (s.on[n] = f), close: () => (s.closed = true) }
    sources.push(s)
    return s
  }
  const hub = new Hub({ open, timers, hiddenMs: 100, batchMs: 4, retryMs: 50 })
  const tab = () => {
    const got = []
    const fn = (m) => got.push(m)
    return { fn, got, say: (m) => hub.receive(fn, m), events: () => got.filter((m) => m.type === 'events').flatMap((m) => m.list) }
  }
  return { sources, timers, tab }
}

test('many tabs share one stream, and each gets every event in order', () => {
  const b = bench()
  const tabs = [b.tab(), b.tab(), b.tab()]
  tabs.forEach((t) => t.say({ type: 'join' }))
  assert.equal(b.sources.length, 1)
  b.sources[0].onopen()
  b.sources[0].on.value({ data: '{"n":1}' })
  b.sources[0].on.traffic({ data: 'no json' })
  b.sources[0].on.value({ data: '{"n":2}' })
  b.timers.run(4)
  for (const t of tabs) {
    assert.deepEqual(t.events(), [{ name: 'value', data: { n: 1 } }, { name: 'value', data: { n: 2 } }])
    assert.equal(t.got.filter((m) => m.type === 'state').at(-1).state, 'open')
  }
})

test('the stream rests when all tabs are hidden for long and returns with the first visible one', () => {
  const b = bench()
  const [one, two] = [b.tab(), b.tab()]
  one.say({ type: 'join' })
  two.say({ type: 'join' })
  one.say({ type: 'visible', visible: false })
  b.timers.run(100)
  assert.equal(b.sources[0].closed, false)
  two.say({ type: 'visible', visible: false })
  b.timers.run(100)
  assert.equal(b.sources[0].closed, true)
  assert.equal(two.got.at(-1).state, 'paused')
  two.say({ type: 'visible', visible: true })
  assert.equal(b.sources.length, 2)
})

test('a short look away does not close the stream', () => {
  const b = bench()
  const t = b.tab()
  t.say({ type: 'join' })
  t.say({ type: 'visible', visible: false })
  t.say({ type: 'visible', visible: true })
  b.timers.run(100)
  assert.equal(b.sources[0].closed, false)
})

test('the last tab takes the stream with it', () => {
  const b = bench()
  const t = b.tab()
  t.say({ type: 'join' })
  t.say({ type: 'leave' })
  assert.equal(b.sources[0].closed, true)
  assert.equal(b.timers.waiting, 0)
})

test('a broken line is left to the browser, a refusal is tried again later', () => {
  const b = bench()
  const t = b.tab()
  t.say({ type: 'join' })
  b.sources[0].onopen()
  b.sources[0].onerror()
  assert.equal(t.got.at(-1).state, 'connecting')
  assert.equal(b.sources.length, 1)
  b.sources[0].readyState = 2
  b.sources[0].onerror()
  assert.equal(t.got.at(-1).state, 'closed')
  t.say({ type: 'visible', visible: true })
  assert.equal(b.sources.length, 1)
  b.timers.run(50)
  assert.equal(b.sources.length, 2)
})

const station = {
  mn: 'A', state: 'online', last_received: '2026-11-25T10:00:00+08:00', last_data_time: '2026-11-25T10:00:00+08:00', connected: true,
  latest: [{ factor: '011', field: 'Rtd', value: '30', limit: '50', exceeds: false, time: '2026-11-25T10:00:00+08:00', seq: 1, flag: 'N' }],
}
const value = (time, v) => ({ mn: 'A', kind: 'rtd', time, seq: 9, received: '2026-11-25T10:05:01+08:00', cells: [{ factor: '011', field: 'Rtd', value: v, flag: 'N' }] })

test('a new value replaces the latest and is held against the limit', () => {
  const s = withValue(station, value('2026-11-25T10:05:00+08:00', '50.1'))
  assert.equal(s.latest[0].value, '50.1')
  assert.equal(s.latest[0].exceeds, true)
  assert.equal(s.latest[0].seq, 9)
  assert.equal(s.last_data_time, '2026-11-25T10:05:00+08:00')
  assert.equal(station.latest[0].value, '30')
})

test('a value marked as invalid exceeds nothing', () => {
  const e = value('2026-11-25T10:05:00+08:00', '500')
  e.cells[0].flag = 'M'
  assert.equal(withValue(station, e).latest[0].exceeds, false)
})

test('a back-filled value changes the time of reception only', () => {
  const s = withValue(station, value('2026-11-25T09:00:00+08:00', '99'))
  assert.equal(s.latest[0].value, '30')
  assert.equal(s.last_data_time, station.last_data_time)
  assert.equal(s.last_received, '2026-11-25T10:05:01+08:00')
  assert.equal(withValue(station, { ...value('2026-11-25T11:00:00+08:00', '1'), mn: 'B' }), station)
})

test('an aggregate does not move the time of the newest real-time data', () => {
  const s = withValue(station, { ...value('2026-11-25T10:05:00+08:00', '99'), kind: 'minute' })
  assert.equal(s.last_data_time, station.last_data_time)
})

test('a factor seen for the first time is noticed', () => {
  const e = value('2026-11-25T10:05:00+08:00', '1')
  assert.equal(hasNewFactor(station, e), false)
  assert.equal(hasNewFactor({ ...station, latest: [] }, e), true)
  assert.equal(hasNewFactor({ ...station, latest: [] }, { ...e, kind: 'hour' }), false)
  assert.equal(hasNewFactor({ ...station, mn: 'B', latest: [] }, e), false)
})

test('a state event changes its station only', () => {
  const e = { mn: 'A', state: 'offline', state_since: 't', connected: false, last_received: null }
  assert.equal(withState(station, e).state, 'offline')
  assert.equal(withState(station, e).last_received, station.last_received)
  assert.equal(withState({ ...station, mn: 'B' }, e).state, 'online')
})

test('missing values are gaps', () => {
  const points = [[0, 1], [10, 2], [20, 3], [70, 4], [80, null], [90, 5]]
  assert.equal(usualStep(points), 10)
  assert.deepEqual(withGaps(points), [[0, 1], [10, 2], [20, 3], [30, null], [70, 4], [80, null], [90, 5]])
  assert.deepEqual(withGaps([]), [])
  assert.deepEqual(withGaps([[5, 1]]), [[5, 1]])
})

test('neighbours of one abnormal flag are one marked period', () => {
  const normal = (f) => f === 'N' || f === ''
  const points = [[0, 'N'], [10, 'M'], [20, 'M'], [30, 'D'], [40, ''], [50, 'M'], [90, 'M']].map(([t, flag]) => ({ t, flag }))
  assert.deepEqual(flagBands(points, 10, normal), [
    { from: 10, to: 30, flag: 'M' },
    { from: 30, to: 40, flag: 'D' },
    { from: 50, to: 60, flag: 'M' },
    { from: 90, to: 100, flag: 'M' },
  ])
})

test('a factor keeps its colour in both editions', () => {
  for (const [old, now] of [['011', 'w01018'], ['060', 'w21003'], ['01', 'a34013'], ['02', 'a21026'], ['03', 'a21002']]) {
    assert.equal(colourIndex(old), colourIndex(now))
  }
  for (const code of ['x', 'w99999', '']) assert.ok(colourIndex(code) >= 1 && colourIndex(code) <= 8)
})
