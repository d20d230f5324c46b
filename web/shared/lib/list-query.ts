/** What a list page asks for: filters as they stand in the form, turned into parameters and back. */
import type { ListColumn, ListDescription, ViewFilter } from '../api/types.ts'

/** Parameter name → what stands in the form. Several choices are an array, days are YYYY-MM-DD. */
export type FilterForm = Record<string, string | string[]>

export interface FilterField { param: string; label: string; kind: 'text' | 'choices' | 'truth' | 'day' | 'number'; column: ListColumn; until: boolean }

function fieldsOf(c: ListColumn): FilterField[] {
  const fields: FilterField[] = []
  const one = (kind: FilterField['kind'], suffix = '', label = c.title): void => void fields.push({ param: c.key + suffix, label, kind, column: c, until: suffix === '_to' })
  if (c.filter) one(c.type === 'bool' ? 'truth' : c.choices.length ? 'choices' : 'text')
  if (c.range) {
    const kind = c.type === 'time' ? 'day' : 'number'
    one(kind, '_from', `${c.title}起`)
    one(kind, '_to', `${c.title}止`)
  }
  return fields
}

export function filterFields(list: ListDescription): FilterField[] {
  return list.columns.flatMap(fieldsOf)
}

/** The day after, so that the last day asked for is included. */
function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
}
function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

function valueOf(f: FilterField, given: string | string[] | undefined): string {
  const text = (Array.isArray(given) ? given.join(',') : (given ?? '')).trim()
  if (!text || !f.until) return f.column.filter === 'in' ? text.replaceAll('，', ',') : text
  if (f.kind === 'day') return nextDay(text)
  return /^-?\d+$/.test(text) ? String(Number(text) + 1) : text
}

export function filtersOf(fields: FilterField[], form: FilterForm): ViewFilter[] {
  return fields.map((f) => ({ name: f.param, value: valueOf(f, form[f.param]) })).filter((f) => f.value !== '')
}

export function formOf(fields: FilterField[], filters: ViewFilter[]): FilterForm {
  const form: FilterForm = {}
  for (const { name, value } of filters) {
    const f = fields.find((x) => x.param === name)
    if (name === 'q') form.q = value
    if (!f) continue
    if (f.kind === 'choices') form[name] = value.split(',')
    else if (f.until) form[name] = f.kind === 'day' ? dayBefore(value) : String(Number(value) - 1)
    else form[name] = value
  }
  return form
}
