import assert from 'node:assert/strict'
import test from 'node:test'
import { filterFields, filtersOf, formOf } from '../../.cache/unit/lib/list-query.js'

const column = (more) => ({ key: 'k', title: '列', type: 'text', filter: null, range: false, sortable: false, aside: false, exported: true, width: 12, group: null, choices: [], ...more })
const list = { columns: [
  column({ key: 'name', filter: 'contains' }), column({ key: 'medium', filter: 'in', choices: [{ value: 'water', title: '废水' }] }), column({ key: 'st', filter: 'in' }),
  column({ key: 'at', title: '时间', type: 'time', range: true }), column({ key: 'n', type: 'int', range: true }), column({ key: 'demo', type: 'bool', filter: 'equal' }), column({ key: 'plain' }),
] }
const fields = filterFields(list)

test('the description becomes fields of a form', () => {
  assert.deepEqual(fields.map((f) => [f.param, f.kind]), [['name', 'text'], ['medium', 'choices'], ['st', 'text'], ['at_from', 'day'], ['at_to', 'day'], ['n_from', 'number'], ['n_to', 'number'], ['demo', 'truth']])
  assert.equal(fields[4].label, '时间止')
})

test('the last day and the last number asked for are included; the way back gives the same form', () => {
  const form = { name: ' 水厂 ', medium: ['water', 'air'], st: '31，32', at_from: '2026-11-01', at_to: '2026-11-30', n_to: '9', demo: '' }
  const filters = filtersOf(fields, form)
  assert.deepEqual(Object.fromEntries(filters.map((f) => [f.name, f.value])), { name: '水厂', medium: 'water,air', st: '31,32', at_from: '2026-11-01', at_to: '2026-12-01', n_to: '10' })
  assert.deepEqual(formOf(fields, [...filters, { name: 'gone', value: '1' }, { name: 'q', value: '厂' }]), { name: '水厂', medium: ['water', 'air'], st: '31,32', at_from: '2026-11-01', at_to: '2026-11-30', n_to: '9', q: '厂' })
})
