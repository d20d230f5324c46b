/** Forwarding to upstream platforms: its words, and the lists people type. Pure. */
import type { NewRelay, Relay, RelayAside, RelayName, RelayPage } from '../api/types.ts'

export interface RelayState { word: string; tone: 'ok' | 'warn' | 'off' | 'bad' | 'none' }

export const RELAY_STATES: Record<Relay['state'], RelayState> = {
  up: { word: '转发中', tone: 'ok' },
  connecting: { word: '连接中', tone: 'warn' },
  down: { word: '未连接', tone: 'bad' },
  mute: { word: '对方不应答', tone: 'bad' },
  paused: { word: '已暂停', tone: 'off' },
}
export const RELAY_SCOPES: Record<Relay['scope'], string> = { all: '全部站点', region: '按区县', list: '按名单' }
export const RELAY_MODES: Record<Relay['mode'], string> = { raw: '原样转发', rewrite: '改写后转发' }
export const RELAY_EDITIONS: Record<Relay['edition'], string> = { keep: '与原报文相同', '2005': '2005 版', '2017': '2017 版', '2025': '2025 版' }

const QN_RTN: Record<number, string> = { 2: '请求被拒绝', 3: '访问密码错误', 4: '设备编码错误', 5: '系统编码错误', 6: '标志错误', 7: '请求编号错误', 8: '命令编码错误', 9: '校验错误', 100: '未知错误' }
const REASONS: Record<RelayAside['reason'], string> = { unanswered: '多次发送，对方始终未应答', refused: '对方拒收', enciphered: '报文已加密，没有密钥不能改写', malformed: '报文残缺，不能改写' }

export function asideReason(a: Pick<RelayAside, 'reason' | 'code'>): string {
  return a.reason === 'refused' && a.code ? `${REASONS.refused}：返回码 ${a.code}${QN_RTN[a.code] ? `（${QN_RTN[a.code]}）` : ''}` : REASONS[a.reason]
}

/** What is typed in the form: texts, so that nothing is lost on refusal. */
export interface RelayForm {
  name: string
  host: string
  port: number | undefined
  scope: Relay['scope']
  region_code: string
  stations: string
  mode: Relay['mode']
  edition: Relay['edition']
  ask_ack: boolean
  password: string
  drop_password: boolean
  names: string
  pace_s: number | undefined
  rate_per_s: number | undefined
  answer_s: number | undefined
  tries: number | undefined
}

export const emptyForm = (): RelayForm => ({
  name: '', host: '', port: undefined, scope: 'all', region_code: '', stations: '', mode: 'raw', edition: 'keep', ask_ack: true,
  password: '', drop_password: false, names: '', pace_s: 3, rate_per_s: 100, answer_s: 5, tries: 3,
})

export const formOf = (r: RelayPage): RelayForm => ({
  name: r.name, host: r.host, port: r.port, scope: r.scope, region_code: r.region_code ?? '', stations: r.stations.join('\n'), mode: r.mode,
  edition: r.edition, ask_ack: r.ask_ack, password: '', drop_password: false, names: r.names.map((n) => `${n.mn} ${n.upstream_mn}`).join('\n'),
  pace_s: r.pace_ms / 1000, rate_per_s: r.rate_per_s, answer_s: r.answer_ms / 1000, tries: r.tries,
})

const MN = /^[A-Za-z0-9._-]{1,32}$/
const SEPARATORS = /[\s,，;；、]+/

/** One MN per line or separated by commas; doubles count once. */
export function readStations(text: string): { list: string[]; problem: string } {
  const list = [...new Set(text.split(SEPARATORS).filter(Boolean))]
  const bad = list.find((mn) => !MN.test(mn))
  return { list, problem: bad ? `“${bad}”不是设备编码：只能用字母、数字和 . _ -，最长 32 位。` : '' }
}

/** One pair per line: our MN, then the upstream platform's. */
export function readNames(text: string): { list: RelayName[]; problem: string } {
  const list: RelayName[] = []
  const seen = new Set<string>()
  const taken = new Set<string>()
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.trim().split(/[\s,，;；=→]+/).filter(Boolean)
    if (words.length === 0) continue
    const [mn = '', upstream_mn = ''] = words
    const where = `第 ${i + 1} 行`
    if (words.length !== 2 || !MN.test(mn) || !MN.test(upstream_mn)) return { list, problem: `${where}：请写“本平台编码 上级编码”，只能用字母、数字和 . _ -。` }
    if (seen.has(mn)) return { list, problem: `${where}：${mn} 已在前面对照过。` }
    if (taken.has(upstream_mn)) return { list, problem: `${where}：上级编码 ${upstream_mn} 已对应另一站点。` }
    seen.add(mn)
    taken.add(upstream_mn)
    list.push({ mn, upstream_mn })
  }
  return { list, problem: '' }
}

const inRange = (n: number | undefined, low: number, high: number): boolean => n !== undefined && Number.isFinite(n) && n >= low && n <= high

export type RelayErrors = Partial<Record<string, string>>

export function checkForm(f: RelayForm): RelayErrors {
  const e: RelayErrors = {}
  if (!f.name.trim()) e.name = '请填写上级平台名称。'
  if (!/^([A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?|::1)$/.test(f.host.trim())) e.host = '请填写域名或 IP 地址，如 10.20.30.40。'
  if (!inRange(f.port, 1, 65535)) e.port = '端口为 1–65535。'
  if (f.scope === 'region' && !f.region_code) e.region_code = '请选择区县。'
  const stations = readStations(f.stations)
  if (f.scope === 'list') {
    if (stations.problem) e.stations = stations.problem
    else if (stations.list.length === 0) e.stations = '请至少填写一个设备编码（MN）。'
  }
  const names = readNames(f.names)
  if (f.mode === 'rewrite' && names.problem) e.names = names.problem
  if (!inRange(f.pace_s, 0, 600)) e.pace_ms = '间隔为 0–600 秒。'
  if (!inRange(f.rate_per_s, 1, 20000)) e.rate_per_s = '速率为 1–20000 帧/秒。'
  if (!inRange(f.answer_s, 0.1, 600)) e.answer_ms = '超时为 0.1–600 秒。'
  if (!inRange(f.tries, 1, 20)) e.tries = '次数为 1–20。'
  return e
}

/** The whole set-up; an empty password stays as it is unless it is to be dropped. */
export function bodyOf(f: RelayForm): NewRelay {
  const body: NewRelay = {
    name: f.name.trim(), host: f.host.trim(), port: Number(f.port), scope: f.scope, mode: f.mode, edition: f.edition, ask_ack: f.ask_ack,
    region_code: f.scope === 'region' ? f.region_code : null, stations: f.scope === 'list' ? readStations(f.stations).list : [],
    names: f.mode === 'rewrite' ? readNames(f.names).list : [], pace_ms: Math.round(Number(f.pace_s) * 1000), rate_per_s: Number(f.rate_per_s),
    answer_ms: Math.round(Number(f.answer_s) * 1000), tries: Number(f.tries),
  }
  if (f.password) body.password = f.password
  else if (f.drop_password) body.password = null
  return body
}
