// Writes shared/api/schema.ts from shared/api/openapi.json.
//   node tools/gen-types.mjs            from the file
//   node tools/gen-types.mjs URL        fetches the description from a running server first
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = (p) => fileURLToPath(new URL(p, import.meta.url))

const SCALARS = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' }

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop()
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ')
  if (schema.enum) return schema.enum.map((v) => (v === null ? 'null' : `'${v}'`)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(' | ')
  if (schema.type === 'array') return arrayOf(typeOf(schema.items ?? {}))
  if (schema.type === 'object') return schema.properties ? objectOf(schema) : 'Record<string, unknown>'
  return SCALARS[schema.type] ?? 'unknown'
}
const arrayOf = (item) => (item.includes('|') ? `(${item})[]` : `${item}[]`)
const fieldsOf = (schema) => Object.entries(schema.properties ?? {}).map(([name, field]) => ({ name, field, required: schema.required?.includes(name) ?? false }))
const objectOf = (schema) => `{ ${fieldsOf(schema).map((f) => `${f.name}${f.required ? '' : '?'}: ${typeOf(f.field)}`).join('; ')} }`

function interfaceOf(name, schema) {
  const lines = fieldsOf(schema).map(({ name: field, field: type, required }) => {
    const title = type.title ? `  /** ${type.title} */\n` : ''
    return `${title}  ${field}${required ? '' : '?'}: ${typeOf(type)}\n`
  })
  return `export interface ${name} {\n${lines.join('')}}\n`
}

export function generate(openapi) {
  const schemas = Object.entries(openapi.components.schemas).sort(([a], [b]) => (a < b ? -1 : 1))
  return `/** Written by tools/gen-types.mjs from openapi.json; not edited by hand. */\n\n${schemas.map(([n, s]) => interfaceOf(n, s)).join('\n')}`
}

async function main(url) {
  const file = here('../shared/api/openapi.json')
  if (url) {
    const answer = await fetch(`${url.replace(/\/$/, '')}/api/v1/openapi.json`)
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
    writeFileSync(file, `${JSON.stringify(await answer.json(), null, 1)}\n`)
  }
  writeFileSync(here('../shared/api/schema.ts'), generate(JSON.parse(readFileSync(file, 'utf8'))))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv[2])
