import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { generate } from '../../tools/gen-types.mjs'

const read = (p) => readFileSync(new URL(p, import.meta.url), 'utf8')

test('schemas become interfaces', () => {
  const text = generate({
    components: {
      schemas: {
        B: { type: 'object', required: ['a'], properties: { a: { $ref: '#/components/schemas/A' }, list: { type: 'array', items: { enum: ['x', 'y', null] } } } },
        A: {
          type: 'object',
          required: ['n', 'maybe', 'one'],
          properties: {
            n: { type: 'integer', title: '个数' },
            maybe: { type: ['string', 'null'] },
            one: { anyOf: [{ $ref: '#/components/schemas/B' }, { type: 'null' }] },
            free: {},
            map: { type: 'object' },
            inner: { type: 'object', required: ['t'], properties: { t: { type: 'boolean' } } },
          },
        },
      },
    },
  })
  assert.equal(text.split('\n').slice(2).join('\n'), `export interface A {
  /** 个数 */
  n: number
  maybe: string | null
  one: B | null
  free?: unknown
  map?: Record<string, unknown>
  inner?: { t: boolean }
}

export interface B {
  a: A
  list?: ('x' | 'y' | null)[]
}
`)
})

test('the checked-in types are those of the checked-in description', () => {
  assert.equal(read('../../shared/api/schema.ts'), generate(JSON.parse(read('../../shared/api/openapi.json'))))
})
