/**
 * The one way to the server. Adds the CSRF token and an idempotency key to changing calls, keeps ETags of answers and
 * turns every failure into a Problem whose title an officer can act on.
 */

export type Query = Record<string, string | number | boolean | null | undefined>

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly fields: Record<string, string>

  constructor(status: number, code: string, title: string, fields: Record<string, string> = {}) {
    super(title)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.fields = fields
  }
}

export interface CallOptions {
  query?: Query
  body?: unknown
  /** A file as it is, instead of JSON. */
  file?: Blob
  /** Repeats of one intention carry the same key, so that a lost answer never becomes a second record. */
  key?: string
  signal?: AbortSignal
}

interface Kept { etag: string; body: unknown }

const KEPT_MAX = 64

const TITLES: Record<number, string> = {
  401: '登录已过期，请重新登录。',
  403: '当前账号没有这项权限，请联系管理员开通。',
  404: '没有找到这条记录，它可能已被移走。请返回列表重新查询。',
  409: '数据已被他人修改。请刷新后重试。',
  413: '提交的内容过大，请减小后重试。',
  429: '操作过于频繁，请稍后再试。',
  503: '服务正在启动或维护，请稍后再试。',
}

export function queryString(query: Query = {}): string {
  const p = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) p.set(name, String(value))
  }
  const text = p.toString()
  return text ? `?${text}` : ''
}

/** 128 random bits in hex; `crypto.randomUUID` does not exist on plain http. */
export function newKey(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
}

function titleOf(status: number, given: unknown): string {
  if (typeof given === 'string' && given) return given
  return TITLES[status] ?? `服务器未能完成请求（${status}）。请稍后重试，仍不成功请联系运维。`
}

async function problemOf(res: Response): Promise<Problem> {
  let body: Record<string, unknown> = {}
  try {
    body = (await res.json()) as Record<string, unknown>
  } catch {
    /* an answer without a readable body still has its status */
  }
  const fields = body.fields && typeof body.fields === 'object' ? (body.fields as Record<string, string>) : {}
  return new Problem(res.status, String(body.code ?? `http_${res.status}`), titleOf(res.status, body.title), fields)
}

export class Client {
  private readonly base: string
  private readonly kept = new Map<string, Kept>()
  private csrf = ''
  /** Called when the server no longer knows the session. */
  onSignedOut: () => void = () => {}

  constructor(base = '') {
    this.base = base
  }

  setCsrf(token: string): void {
    this.csrf = token
    this.kept.clear()
  }

  get<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.call<T>('GET', path, options)
  }

  post<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('POST', path, { ...options, body })
  }

  put<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('PUT', path, { ...options, body })
  }

  patch<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('PATCH', path, { ...options, body })
  }

  delete<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.call<T>('DELETE', path, options)
  }

  /** A file as the server made it, with the name it gave. */
  async download(method: 'GET' | 'POST', path: string, options: CallOptions = {}): Promise<{ name: string; bytes: Blob }> {
    const init: RequestInit = { method, headers: this.headers(method, '', options), credentials: 'same-origin', cache: 'no-store' }
    if (options.file) init.body = options.file
    if (options.signal) init.signal = options.signal
    const res = await this.send(this.base + path + queryString(options.query), init)
    if (!res.ok) throw await this.refused(res)
    const given = /filename\*=UTF-8''(.+)$/.exec(res.headers.get('Content-Disposition') ?? '')?.[1]
    return { name: given ? decodeURIComponent(given) : '下载', bytes: await res.blob() }
  }

  private headers(method: string, url: string, options: CallOptions): Record<string, string> {
    const h: Record<string, string> = { Accept: 'application/json' }
    if (method === 'GET') {
      const kept = this.kept.get(url)
      if (kept) h['If-None-Match'] = kept.etag
      return h
    }
    h['Idempotency-Key'] = options.key ?? newKey()
    if (this.csrf) h['X-CSRF-Token'] = this.csrf
    if (options.file) h['Content-Type'] = 'application/octet-stream'
    else if (options.body !== undefined) h['Content-Type'] = 'application/json'
    return h
  }

  private async call<T>(method: string, path: string, options: CallOptions): Promise<T> {
    const url = this.base + path + queryString(options.query)
    const init: RequestInit = { method, headers: this.headers(method, url, options), credentials: 'same-origin', cache: 'no-store' }
    if (options.file) init.body = options.file
    else if (options.body !== undefined) init.body = JSON.stringify(options.body)
    if (options.signal) init.signal = options.signal
    const res = await this.send(url, init)
    if (res.status === 304) {
      const kept = this.kept.get(url)
      if (kept) return kept.body as T
    }
    if (!res.ok) throw await this.refused(res)
    return this.keep<T>(method, url, res)
  }

  private async send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init)
    } catch (e) {
      if (e instanceof DOMException && e.name === 'AbortError') throw e
      throw new Problem(0, 'unreachable', '连不上服务器。请检查网络，恢复后会自动重连。')
    }
  }

  private async refused(res: Response): Promise<Problem> {
    const p = await problemOf(res)
    if (p.status === 401 && p.code !== 'bad_credentials') this.onSignedOut()
    return p
  }

  private async keep<T>(method: string, url: string, res: Response): Promise<T> {
    const body = (res.status === 204 ? {} : await res.json()) as T
    const etag = res.headers.get('ETag')
    if (method !== 'GET' || !etag) return body
    this.kept.delete(url)
    this.kept.set(url, { etag, body })
    const oldest = this.kept.keys().next()
    if (this.kept.size > KEPT_MAX && !oldest.done) this.kept.delete(oldest.value)
    return body
  }
}

export const api = new Client()
