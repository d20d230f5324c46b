import assert from 'node:assert/strict'
import test from 'node:test'
import {
  compareDecimal, differenceText, differsBeyondRounding, exceedsLimit, formatDecimal, grouped, limitRange, parseDecimal, toNumber,
} from '../../.cache/unit/lib/decimal.js'

const cmp = (a, b) => compareDecimal(parseDecimal(a), parseDecimal(b))

test('digits are read exactly or not at all', () => {
  assert.deepEqual(parseDecimal('12.30'), { units: 1230n, scale: 2 })
  assert.deepEqual(parseDecimal('-.5'), { units: -5n, scale: 1 })
  assert.deepEqual(parseDecimal('7.'), { units: 7n, scale: 0 })
  for (const bad of ['', '-', '.', '1e5', '0x10', '1,000', 'NaN', '1.2.3', null, undefined]) assert.equal(parseDecimal(bad), null, String(bad))
  for (const s of ['0.05', '-0.05', '12', '-3.400']) assert.equal(formatDecimal(parseDecimal(s)), s)
})

test('comparison has no binary rounding', () => {
  assert.equal(cmp('0.30', '0.3'), 0)
  assert.equal(cmp('0.1', '0.10000000000000000000001'), -1)
  assert.equal(cmp('9007199254740993', '9007199254740992'), 1)
  assert.equal(cmp('-2', '1'), -1)
})

test('limits: one number or a range', () => {
  assert.equal(exceedsLimit('50.0', '50'), false)
  assert.equal(exceedsLimit('50.01', '50'), true)
  assert.equal(exceedsLimit('5.9', '6-9'), true)
  assert.equal(exceedsLimit('6', '6~9'), false)
  assert.equal(exceedsLimit('9.1', '6~9'), true)
  assert.equal(exceedsLimit('', '50'), false)
  assert.equal(exceedsLimit('50', null), false)
  assert.equal(limitRange('见批复'), null)
})

test('reported against recomputed: rounding is no difference', () => {
  assert.equal(differsBeyondRounding('12.3', '12.3456'), false)
  assert.equal(differsBeyondRounding('12.4', '12.3456'), false)
  assert.equal(differsBeyondRounding('12.3', '12.41'), true)
  assert.equal(differsBeyondRounding('12', '12'), false)
  assert.equal(differsBeyondRounding('12', '13'), true)
  assert.equal(differsBeyondRounding(null, '13'), false)
  assert.equal(differenceText('12.5', '12.25'), '+0.25')
  assert.equal(differenceText('12', '12.25'), '-0.25')
  assert.equal(differenceText('12', '12.0'), '0.0')
  assert.equal(differenceText('12', ''), null)
})

test('shown with thousands, drawn as numbers', () => {
  assert.equal(grouped('1234567.8910'), '1,234,567.8910')
  assert.equal(grouped('-999'), '-999')
  assert.equal(grouped('超量程'), '超量程')
  assert.equal(toNumber('12.50'), 12.5)
  assert.equal(toNumber('—'), null)
})
