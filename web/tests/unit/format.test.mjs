import assert from 'node:assert/strict'
import test from 'node:test'
import { ago, bytes, clockOffset, clockTime, count, duration, fullTime, isoBeijing, millis, shortHash, shortTime } from '../../.cache/unit/lib/format.js'

const now = Date.parse('2026-11-25T10:00:00+08:00')

test('times are Beijing time on any computer', () => {
  assert.equal(fullTime('2026-11-24T23:30:05Z'), '2026-11-25 07:30:05')
  assert.equal(shortTime('2026-11-24T23:30:05Z', now), '11-25 07:30')
  assert.equal(shortTime('2016-08-24T10:00:00+08:00', now), '2016-08-24 10:00')
  assert.equal(clockTime('2026-11-24T23:30:05Z'), '07:30:05')
  assert.equal(fullTime(null), '—')
  assert.equal(fullTime('gestern'), '—')
})

test('times go out as RFC 3339 with +08:00 and come back', () => {
  for (const t of [0, now, now + 7, now + 999]) assert.equal(millis(isoBeijing(t)), t)
  assert.equal(isoBeijing(now), '2026-11-25T10:00:00+08:00')
})

test('how long ago, how long, how far off', () => {
  assert.equal(ago('2026-11-25T09:59:55+08:00', now), '刚刚')
  assert.equal(ago('2026-11-25T09:59:20+08:00', now), '40 秒前')
  assert.equal(ago('2026-11-25T09:01:00+08:00', now), '59 分钟前')
  assert.equal(ago('2026-11-20T09:00:00+08:00', now), '5 天前')
  assert.equal(duration(3_660_000), '1 小时 1 分')
  assert.equal(duration(86_400_000), '1 天')
  assert.equal(clockOffset(0), '一致')
  assert.equal(clockOffset(-125), '慢 2 分 5 秒')
  assert.equal(clockOffset(3), '快 3 秒')
  assert.equal(clockOffset(null), '—')
})

test('counts, sizes and hashes', () => {
  assert.equal(count(1234567), '1,234,567')
  assert.equal(count(0), '0')
  assert.equal(count(null), '—')
  assert.equal(bytes(1536), '1.5 KB')
  assert.equal(shortHash('0123456789abcdef0123456789abcdef'), '01234567…89abcdef')
})
