import assert from 'node:assert/strict'
import test from 'node:test'
import { asideReason, bodyOf, checkForm, emptyForm, formOf, readNames, readStations } from '../../.cache/unit/lib/relay.js'

const filled = (more = {}) => ({ ...emptyForm(), name: '市平台', host: '10.20.30.40', port: 9212, ...more })

test('station lists are read however they are typed', () => {
  assert.deepEqual(readStations('A1\n B2 ，C3;A1\n\n'), { list: ['A1', 'B2', 'C3'], problem: '' })
  assert.match(readStations('A1\n站点').problem, /“站点”/)
  assert.match(readStations('A'.repeat(33)).problem, /最长 32 位/)
})

test('pairs name the line that is wrong', () => {
  assert.deepEqual(readNames('A1 X1\n\nA2=X2\nA3 → X3').list, [{ mn: 'A1', upstream_mn: 'X1' }, { mn: 'A2', upstream_mn: 'X2' }, { mn: 'A3', upstream_mn: 'X3' }])
  assert.match(readNames('A1 X1\nA2').problem, /^第 2 行/)
  assert.match(readNames('A1 X1\nA1 X2').problem, /A1 已在前面/)
  assert.match(readNames('A1 X1\nA2 X1').problem, /X1 已对应/)
  assert.match(readNames('A1 X1 Y1').problem, /^第 1 行/)
})

test('a form is complete or says what is missing', () => {
  assert.deepEqual(checkForm(filled()), {})
  assert.deepEqual(Object.keys(checkForm(emptyForm())).sort(), ['host', 'name', 'port'])
  assert.deepEqual(Object.keys(checkForm(filled({ scope: 'region' }))), ['region_code'])
  assert.deepEqual(Object.keys(checkForm(filled({ scope: 'list' }))), ['stations'])
  assert.deepEqual(Object.keys(checkForm(filled({ mode: 'rewrite', names: 'A1' }))), ['names'])
  assert.deepEqual(checkForm(filled({ names: 'A1' })), {}, 'what is not shown is not judged')
  assert.deepEqual(Object.keys(checkForm(filled({ pace_s: -1, rate_per_s: 0, answer_s: undefined, tries: 21 }))).sort(), ['answer_ms', 'pace_ms', 'rate_per_s', 'tries'])
  for (const host of ['a b', 'http://x', '', '-x']) assert.ok(checkForm(filled({ host })).host, host)
  for (const host of ['localhost', '::1', 'fe80::1', 'city.example.cn']) assert.deepEqual(checkForm(filled({ host })), {}, host)
})

test('what is sent: seconds become milliseconds, hidden lists are empty, the password only when typed or dropped', () => {
  const body = bodyOf(filled({ pace_s: 0.5, answer_s: 7, stations: 'A1', names: 'A1 X1' }))
  assert.deepEqual([body.pace_ms, body.answer_ms, body.stations, body.names, body.region_code, 'password' in body], [500, 7000, [], [], null, false])
  const rewrite = bodyOf(filled({ mode: 'rewrite', scope: 'list', stations: 'A1', names: 'A1 X1', password: 'P' }))
  assert.deepEqual([rewrite.stations, rewrite.names, rewrite.password], [['A1'], [{ mn: 'A1', upstream_mn: 'X1' }], 'P'])
  assert.equal(bodyOf(filled({ drop_password: true })).password, null)
})

test('a set-up comes back into the form unchanged', () => {
  const body = bodyOf(filled({ mode: 'rewrite', edition: '2017', scope: 'list', stations: 'A1\nB2', names: 'A1 X1' }))
  assert.deepEqual(bodyOf(formOf({ ...body, region_code: null })), body)
})

test('reasons are told in words', () => {
  assert.equal(asideReason({ reason: 'refused', code: 3 }), '对方拒收：返回码 3（访问密码错误）')
  assert.equal(asideReason({ reason: 'refused', code: 55 }), '对方拒收：返回码 55')
  assert.match(asideReason({ reason: 'unanswered', code: 0 }), /未应答/)
})
