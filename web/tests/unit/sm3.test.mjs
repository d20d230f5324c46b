import assert from 'node:assert/strict'
import { createHash, getHashes } from 'node:crypto'
import test from 'node:test'
import { fromHex, sm3, toHex } from '../../.cache/unit/proof/sm3.js'

const text = (s) => new TextEncoder().encode(s)

test('SM3 gives the vectors of GB/T 32905', () => {
  assert.equal(toHex(sm3(text('abc'))), '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0')
  assert.equal(toHex(sm3(text('abcd'.repeat(16)))), 'debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732')
  assert.equal(toHex(sm3(text(''))), '1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b')
})

test('SM3 agrees with OpenSSL at every length around the block borders', { skip: !getHashes().includes('sm3') }, () => {
  for (let n = 0; n < 300; n++) {
    const m = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n * 11) & 255)
    assert.equal(toHex(sm3(m)), createHash('sm3').update(m).digest('hex'), `length ${n}`)
  }
})

test('hex is read strictly', () => {
  assert.deepEqual(fromHex('00fFa0'), Uint8Array.of(0, 255, 160))
  assert.equal(fromHex('abc'), null)
  assert.equal(fromHex('zz'), null)
})
