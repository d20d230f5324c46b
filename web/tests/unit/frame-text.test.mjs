import assert from 'node:assert/strict'
import test from 'node:test'
import { EXAMPLES } from '../../.cache/unit/lib/frame-examples.js'
import { dataTime, newQn, sendable } from '../../.cache/unit/lib/frame-text.js'
import { cutFrame } from '../../.cache/unit/lib/frame-parts.js'

test('text without control characters goes as it was pasted', () => {
  for (const text of ['##0010MN=1&&1234\r\n', '\\x01 and \\r\\n', '报文\t1', '']) assert.equal(sendable(text), text)
})

test('with control characters everything is escaped, so that it reads back byte by byte', () => {
  assert.equal(sendable('a\x00b\\x\r\n'), 'a\\x00b\\\\x\\x0d\\x0a')
  assert.equal(sendable('\x7f'), '\\x7f')
})

test('times of a new frame are Beijing time', () => {
  const t = Date.parse('2026-11-25T23:59:58.123Z')
  assert.equal(newQn(t), '20261126075958123')
  assert.equal(dataTime(t), '20261126075900')
})

test('the examples say what they are', () => {
  const length = (e) => cutFrame(e.text)?.segment.length
  const [water, hour, air, , modbus, wrong] = EXAMPLES
  for (const e of [water, hour, air, modbus]) assert.equal(length(e), Number(e.text.slice(2, 6)), e.name)
  assert.notEqual(length(wrong), Number(wrong.text.slice(2, 6)))
  assert.ok(EXAMPLES.every((e) => !e.key || /^[0-9a-f]{32}$/.test(e.key)))
})
