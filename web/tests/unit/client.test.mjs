import '../lib/webcrypto.mjs'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import test, { after, before } from 'node:test'
import { Client, Problem, newKey, queryString } from '../../.cache/unit/api/client.js'

let server, base
const seen = []

function answer(req, res) {
  seen.push({ method: req.method, url: req.url, headers: req.headers })
  const json = (status, body, headers = {}) => {
    res.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers })
    res.end(JSON.stringify(body))
  }
  if (req.url.startsWith('/tagged')) {
    if (req.headers['if-none-match'] === '"v1"') return res.writeHead(304).end()
    return json(200, { n: 1 }, { ETag: '"v1"' })
  }
  if (req.url === '/fields') return json(422, { code: 'invalid', title: '有 1 处需要修改。', fields: { name: '请填写名称。' } })
  if (req.url === '/gone') return json(401, { code: 'no_session' })
  if (req.url === '/wrong') return json(401, { code: 'bad_credentials', title: '账号或密码不正确。' })
  if (req.url === '/broken') return res.writeHead(500).end('<html>')
  return json(200, {})
}

before(async () => {
  server = createServer(answer)
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  base = `http://127.0.0.1:${server.address().port}`
})
after(() => server.close())

const refused = async (promise) => {
  try {
    await promise
  } catch (e) {
    assert.ok(e instanceof Problem)
    return e
  }
  assert.fail('was not refused')
}

test('queries leave out what is not set', () => {
  assert.equal(queryString({ q: '渝', state: '', medium: null, exceeding: false, limit: 50 }), '?q=%E6%B8%9D&limit=50')
  assert.equal(queryString({}), '')
})

test('changing calls carry the token and a fresh key, reading calls neither', async () => {
  const c = new Client(base)
  c.setCsrf('token-1')
  seen.length = 0
  await c.get('/x')
  await c.post('/x', { a: 1 })
  await c.patch('/x', { a: 1 })
  await c.post('/x', {}, { key: 'same' })
  await c.post('/x', {}, { key: 'same' })
  const [get, post, patch, first, again] = seen.map((s) => s.headers)
  assert.equal(get['x-csrf-token'], undefined)
  assert.equal(get['idempotency-key'], undefined)
  assert.equal(post['x-csrf-token'], 'token-1')
  assert.match(post['idempotency-key'], /^[0-9a-f]{32}$/)
  assert.notEqual(post['idempotency-key'], patch['idempotency-key'])
  assert.equal(first['idempotency-key'], again['idempotency-key'])
  assert.notEqual(newKey(), newKey())
})

test('an unchanged answer is not sent twice', async () => {
  const c = new Client(base)
  seen.length = 0
  assert.deepEqual(await c.get('/tagged'), { n: 1 })
  assert.deepEqual(await c.get('/tagged'), { n: 1 })
  assert.equal(seen[1].headers['if-none-match'], '"v1"')
  c.setCsrf('another person')
  await c.get('/tagged')
  assert.equal(seen[2].headers['if-none-match'], undefined)
})

test('problems keep title, code and fields', async () => {
  const p = await refused(new Client(base).post('/fields', {}))
  assert.equal(p.status, 422)
  assert.equal(p.message, '有 1 处需要修改。')
  assert.deepEqual(p.fields, { name: '请填写名称。' })
  const broken = await refused(new Client(base).get('/broken'))
  assert.equal(broken.status, 500)
  assert.match(broken.message, /请/)
})

test('a lost session is told once, a wrong password is not one', async () => {
  const c = new Client(base)
  let told = 0
  c.onSignedOut = () => told++
  await refused(c.get('/wrong'))
  assert.equal(told, 0)
  await refused(c.get('/gone'))
  assert.equal(told, 1)
})

test('no connection is a problem with advice', async () => {
  const p = await refused(new Client('http://127.0.0.1:1').get('/x'))
  assert.equal(p.code, 'unreachable')
  assert.match(p.message, /检查网络/)
})
