import assert from 'node:assert/strict'
import test from 'node:test'
import { readCheckpoint } from '../../.cache/unit/proof/checkpoint.js'
import { leafHash, walkInclusion } from '../../.cache/unit/proof/merkle.js'
import { fromHex, sm3, toHex } from '../../.cache/unit/proof/sm3.js'

// The recursive definition of RFC 6962, written apart from the code under test.
const node = (l, r) => sm3(Uint8Array.of(1, ...l, ...r))
const split = (n) => 2 ** Math.floor(Math.log2(n - 1))
const rootOf = (leaves) =>
  leaves.length === 1 ? leaves[0] : node(rootOf(leaves.slice(0, split(leaves.length))), rootOf(leaves.slice(split(leaves.length))))
function pathOf(m, leaves) {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return m < k
    ? [...pathOf(m, leaves.slice(0, k)), rootOf(leaves.slice(k))]
    : [...pathOf(m - k, leaves.slice(k)), rootOf(leaves.slice(0, k))]
}
const leaves = Array.from({ length: 40 }, (_, i) => leafHash(Uint8Array.of(i, 7, i)))

test('every proof of every tree up to 40 leaves holds, and each step is shown', () => {
  for (let size = 1; size <= leaves.length; size++) {
    const tree = leaves.slice(0, size)
    const root = toHex(rootOf(tree))
    for (let i = 0; i < size; i++) {
      const path = pathOf(i, tree).map(toHex)
      const walk = walkInclusion(toHex(leaves[i]), i, size, path, root)
      assert.equal(walk.fault, null, `${i} of ${size}`)
      assert.equal(walk.ok, true)
      assert.equal(walk.steps.length, path.length)
      assert.equal(walk.computed, root)
    }
  }
})

test('a changed leaf, path, place or root is refused', () => {
  const tree = leaves.slice(0, 13)
  const root = toHex(rootOf(tree))
  const path = pathOf(5, tree).map(toHex)
  const leaf = toHex(leaves[5])
  const flip = (hex) => (hex[0] === '0' ? '1' : '0') + hex.slice(1)
  assert.equal(walkInclusion(leaf, 5, 13, path, root).ok, true)
  assert.equal(walkInclusion(flip(leaf), 5, 13, path, root).ok, false)
  assert.equal(walkInclusion(leaf, 4, 13, path, root).ok, false)
  assert.equal(walkInclusion(leaf, 5, 13, path, flip(root)).ok, false)
  for (let i = 0; i < path.length; i++) {
    assert.equal(walkInclusion(leaf, 5, 13, path.with?.(i, flip(path[i])) ?? path.map((p, j) => (j === i ? flip(p) : p)), root).ok, false)
  }
  assert.equal(walkInclusion(leaf, 5, 13, path.slice(0, -1), root).ok, false)
  assert.equal(walkInclusion(leaf, 5, 13, [...path, path[0]], root).ok, false)
  assert.equal(walkInclusion(leaf, 13, 13, path, root).ok, false)
  assert.equal(walkInclusion('00', 5, 13, path, root).ok, false)
  assert.equal(walkInclusion(leaf, 5, 13, ['xy', ...path.slice(1)], root).ok, false)
})

test('a checkpoint text gives size and root', () => {
  const root = 'ab'.repeat(32)
  const text = `yuheng log\n1234\n${Buffer.from(fromHex(root)).toString('base64')}\n2026-11-25T08:00:00+08:00\n`
  assert.deepEqual(readCheckpoint(text), { origin: 'yuheng log', size: 1234, root })
  assert.equal(readCheckpoint('x\n12a\nAAAA'), null)
  assert.equal(readCheckpoint('x\n12\n!!!'), null)
  assert.equal(readCheckpoint(''), null)
})
