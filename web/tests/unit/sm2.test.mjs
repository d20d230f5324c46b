import assert from 'node:assert/strict'
import test from 'node:test'
import { sm2Verify } from '../../.cache/unit/proof/sm2.js'

// A checkpoint signed by the server (OpenSSL) with a key made for this test.
const text = 'yuheng evidence log B1B3401C103122D4\n10675\nFYpRtRIloxPMhY2xQQTBkTPhy6S9b9wZuQaXAD24enU=\ntime 2026-11-25T11:25:07.503+08:00\nnumber 0\n'
const signature = 'MEYCIQCYnU6sLE6JA59bYE+39/koZfv2xK0adhuVqYSmcU+tNgIhAMOoeTGocKqy+NMkgBNDW1clsk8D84T5gn46hP3KVmQu'
const key = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEanHOg7V+xsMmItuFNOqSh2i+zvGd
o2s5ZpUz2egIdS/2KhLv2iomLrOomAHN+w8kWwZs9mpzTeWah/BDkwM5dw==
-----END PUBLIC KEY-----
`
const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const pem = (der) => `-----BEGIN PUBLIC KEY-----\n${base64(der)}\n-----END PUBLIC KEY-----\n`

test('a signature made by OpenSSL verifies', () => {
  assert.equal(sm2Verify(text, signature, key), true)
})

test('any change of the text breaks it', () => {
  for (let i = 0; i < text.length; i += 7) {
    const changed = text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ 1) + text.slice(i + 1)
    assert.equal(sm2Verify(changed, signature, key), false, `byte ${i}`)
  }
  assert.equal(sm2Verify(`${text} `, signature, key), false)
  assert.equal(sm2Verify('', signature, key), false)
})

test('any change of the signature or the key breaks it', () => {
  const der = Buffer.from(signature, 'base64')
  for (let i = 0; i < der.length; i++) {
    const changed = Uint8Array.from(der, (b, j) => (j === i ? b ^ 1 : b))
    assert.equal(sm2Verify(text, base64(changed), key), false, `byte ${i}`)
  }
  const spki = Buffer.from(key.replace(/-----[^-]+-----/g, ''), 'base64')
  for (let i = 0; i < spki.length; i += 3) {
    const changed = Uint8Array.from(spki, (b, j) => (j === i ? b ^ 1 : b))
    assert.equal(sm2Verify(text, signature, pem(changed)), false, `key byte ${i}`)
  }
})

test('what is no signature and no key is refused', () => {
  const zero = Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0)
  for (const bad of ['', '!!', base64(zero), base64(Uint8Array.of(0x30, 0)), signature.slice(0, 40)]) assert.equal(sm2Verify(text, bad, key), false)
  for (const bad of ['', 'no key', pem(new Uint8Array(91))]) assert.equal(sm2Verify(text, signature, bad), false)
})
