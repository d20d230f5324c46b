import '../lib/webcrypto.mjs'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { calls } from '../../.cache/unit/api/calls.js'

const { paths } = JSON.parse(readFileSync(new URL('../../shared/api/openapi.json', import.meta.url), 'utf8'))

/** The operation of the description that an address belongs to; literal segments win over parameters. */
function operation(method, path) {
  const fits = Object.keys(paths)
    .filter((p) => new RegExp(`^${p.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path))
    .sort((a, b) => a.split('{').length - b.split('{').length)
  return fits.length ? { name: fits[0], row: paths[fits[0]][method.toLowerCase()] } : null
}

const page = { limit: 10, cursor: 'c' }
const series = { factor: '011', kind: 'minute', field: 'Avg', from: '2026-11-25T00:00:00+08:00', to: '2026-11-25T01:00:00+08:00', buckets: 1 }
const relay = { name: 'n', host: 'h', port: 9212, scope: 'list', stations: ['M'], names: [{ mn: 'M', upstream_mn: 'U' }], mode: 'rewrite', edition: '2017', ask_ack: true, password: null }
const IMPORT = '/api/v1/registry/stations/import'
const until = series.to
const day = '2026-11-25'
const agency = { name: 'n', kind: 'team', parent_id: 1, regions: ['500101'], basis: 'b', valid_from: day }
const posting = { agency_id: 1, work_agency_id: 2, work_department_id: null, establishment: 'none', post: 'p', enforcement: true, status: 'loan', basis: 'b', valid_from: day }
const SAMPLES = {
  agencies: [day], agency: [7, day], addAgency: [{ code: 'c', ...agency }], changeAgency: [7, agency], endAgency: [7, { successor_id: null, valid_to: day, basis: 'b' }],
  addDepartment: [7, { name: 'n', valid_from: day }], setEstablishment: [7, { kind: 'worker', approved: 4, basis: 'b', valid_from: day }],
  officers: [{ day, q: 'x', agency: 1, status: 'loan', establishment: 'none', enforcement: 'true', ...page }], officer: [7],
  addOfficer: [{ staff_no: '1', name: 'n', ...posting }], changeOfficer: [7, posting], leaveOfficer: [7, { valid_to: day, basis: 'b' }],
  accounts: [{ q: 'x', ...page }], addAccount: [{ username: 'u', name: 'n', officer_id: 1, enterprise_id: null }], accountAction: ['u', 'disable'],
  grants: ['u'], grant: [{ username: 'u', role: 'duty', scope: 'list', items: [{ kind: 'station', key: 'M' }], valid_to: until, reason: 'r' }], endGrant: [7],
  reach: ['u'], roles: [], traceStation: ['M', until],
  relays: [], relay: [7], addRelay: [{ ...relay, from: null }], changeRelay: [7, { ...relay, paused: true }], removeRelay: [7], retryRelay: [7],
  health: [], session: [], signIn: ['a', 'b'], signOut: [], changePassword: ['a', 'b'], overview: [], station: ['M 1/2'], regions: [],
  stations: [{ q: 'x', state: 'late', medium: 'air', exceeding: true, ...page }],
  patchProfile: ['M', { edition: '2017', password: 'p', accept_bad_crc: true, clock_policy: 'flag', dialect: '', answer_policy: 'always', sm4_key: 'k' }],
  series: ['M', series], versions: ['M', { factor: '011', kind: 'hour', field: 'Avg', time: series.from }], frames: ['M', { kind: 'bad', cn: '2011', faults: true, ...page }],
  connections: [{ q: 'x', state: 'paused', sender: 'known', edition: '2017', ...page }], faults: [], decodeFrames: ['##', 'k'],
  composeFrame: [{ edition: '2025', qn: 'q', st: '32', cn: '2011', pw: 'p', mn: 'm', ack: true, flag: 9, pnum: 2, pno: 1, rf: true, items: [], key: 'k' }],
  portal: [], unlinkPortal: [], secondFactor: [], offerFactor: ['p'], confirmFactor: ['123456'], removeFactor: ['p', '123456'],
  devices: [], endDevice: ['d'], endOtherDevices: [], tokens: [], addToken: [{ name: 'n', permissions: ['station:read'], expires: '2026-12-01T00:00:00+08:00' }], revokeToken: [7],
  list: ['stations'], listPage: ['/api/v1/registry/stations', { sort: '-mn', q: 'x', medium: 'air,water', created_at_from: '2026-11-01', ...page }],
  listFile: ['/api/v1/registry/stations', { sort: 'mn', form: 'csv', columns: 'mn', progress: 'x', edition: '2017' }],
  views: ['stations'], saveView: ['stations', 'v', { columns: ['mn'], filters: [], sort: '' }], removeView: ['stations', 7],
  tryImport: [IMPORT, new Blob(['x'])], commitImport: [IMPORT, new Blob(['x']), 'k'.repeat(8)], importReport: [IMPORT, new Blob(['x'])], importTemplate: [IMPORT],
  frame: [7], proof: [7], evidence: [10], evidenceGrowth: [10], unknown: [page],
  admit: ['M', { name: 'n', enterprise_name: 'e', credit_code: 'c', outlet_code: 'DW001', outlet_name: 'o', medium: 'water', region_code: '500101' }],
}

test('every call is a row of the description: method, path, query and body', async (t) => {
  assert.deepEqual(Object.keys(SAMPLES).sort(), Object.keys(calls).sort())
  let seen
  t.mock.method(globalThis, 'fetch', async (url, init) => {
    seen = { url: new URL(url, 'http://x'), ...init }
    return new Response('{}')
  })
  const { components } = JSON.parse(readFileSync(new URL('../../shared/api/openapi.json', import.meta.url), 'utf8'))
  for (const [name, args] of Object.entries(SAMPLES)) {
    await calls[name](...args)
    const found = operation(seen.method, seen.url.pathname)
    assert.ok(found?.row, `${name}: ${seen.method} ${seen.url.pathname}`)
    const known = new Set((found.row.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name))
    for (const key of seen.url.searchParams.keys()) assert.ok(known.has(key), `${name}: query ${key}`)
    if (seen.body instanceof Blob) assert.ok(found.row.requestBody.content['application/octet-stream'], `${name}: takes no file`)
    if (typeof seen.body !== 'string') continue
    const ref = found.row.requestBody.content['application/json'].schema.$ref
    const fields = components.schemas[ref.split('/').pop()].properties
    for (const key of Object.keys(JSON.parse(seen.body))) assert.ok(fields[key], `${name}: field ${key}`)
  }
})
