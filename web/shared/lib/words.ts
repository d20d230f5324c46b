/** The words of the interface for the codes of the protocol and of the server. */
import type { Connection, FrameKind, SeriesKind, StationState } from '../api/types.ts'

export interface StateWord { word: string; tone: 'ok' | 'warn' | 'off' | 'bad' | 'none'; hint: string }

export const STATES: Record<StationState, StateWord> = {
  online: { word: '在线', tone: 'ok', hint: '按时上报' },
  late: { word: '迟报', tone: 'warn', hint: '超过上报周期仍未收到新数据' },
  offline: { word: '离线', tone: 'off', hint: '连接中断且长时间无数据' },
  abnormal: { word: '异常', tone: 'bad', hint: '数据带异常标记或时钟偏差过大' },
  never: { word: '未上报', tone: 'none', hint: '登记后从未收到数据' },
}

export const STATE_ORDER: StationState[] = ['online', 'late', 'offline', 'abnormal', 'never']

const MEDIA: Record<string, string> = {
  water: '废水', air: '废气', surface_water: '地表水', ambient_air: '环境空气', noise: '噪声', other: '其他', soil: '土壤', voc: '挥发性有机物',
  sewage: '污水处理', power: '用电监控', dust: '扬尘',
}
export const mediumWord = (m: string | null | undefined): string => (m ? (MEDIA[m] ?? m) : '—')

/** What an admission may choose. */
export const MEDIUM_CHOICES = ['water', 'air', 'noise', 'other'] as const

export const KINDS: Record<SeriesKind, string> = { rtd: '实时', minute: '分钟', hour: '小时', day: '日' }

const FLAGS: Record<string, string> = {
  N: '正常', '3': '正常', F: '停运', M: '维护', S: '手工输入', D: '故障', C: '校准', T: '超测量上限', B: '通信异常',
  P: '电源故障', L: '低于检出限', O: '超限', H: '有效数据不足', A: '超上限', R: '超下限',
}
export function flagWord(flag: string | null | undefined, name?: string | null): string {
  if (!flag) return ''
  return name || FLAGS[flag] || `标记 ${flag}`
}
export const isNormalFlag = (flag: string | null | undefined): boolean => !flag || flag === 'N' || flag === '3'

export const FRAME_KINDS: Record<FrameKind, { word: string; tone: StateWord['tone'] }> = {
  frame: { word: '完好', tone: 'ok' },
  bad: { word: '坏帧', tone: 'bad' },
  junk: { word: '杂字节', tone: 'warn' },
  sent: { word: '下发', tone: 'none' },
  note: { word: '操作', tone: 'none' },
}

const FIELDS: Record<string, string> = {
  Rtd: '实时值', Avg: '均值', Min: '最小值', Max: '最大值', Cou: '累计值',
  ZsRtd: '折算实时值', ZsAvg: '折算均值', ZsMin: '折算最小值', ZsMax: '折算最大值', Flag: '数据标记',
}
export const fieldWord = (f: string | null | undefined): string => (f ? (FIELDS[f] ?? f) : '—')

const HEADER: Record<string, string> = {
  QN: '请求编号', ST: '系统编码', CN: '命令编码', PW: '访问密码', MN: '设备唯一标识', Flag: '应答与拆分标志',
  PNUM: '总包数', PNO: '包号', RF: '补传标志', DataTime: '数据时间',
}
export const headerWord = (k: string): string => HEADER[k] ?? ''

/** Concentrations first, flow and auxiliary quantities after them. */
const FACTOR_ORDER = [
  '011', 'w01018', '060', 'w21003', '101', 'w21011', 'w21001', '001', 'w01001', '01', 'a34013', '02', 'a21026', '03', 'a21002',
  's01', 'S01', 'a19001', 'B01', 'w00000', 'B02', 'a00000',
]
export function factorRank(code: string): number {
  const i = FACTOR_ORDER.indexOf(code)
  return i < 0 ? FACTOR_ORDER.length : i
}

export const EDITIONS: Record<string, string> = { auto: '自动识别', '2005': 'HJ/T 212-2005', '2017': 'HJ 212-2017', '2025': 'HJ 212-2025' }
export const editionWord = (e: string | null | undefined): string => (e ? (EDITIONS[e] ?? e) : '—')

/** Units as they are printed: exponents raised. */
export const unitWord = (u: string | null | undefined): string => (u ?? '').replace(/m3/g, 'm\u00b3').replace(/m2/g, 'm\u00b2').replace(/degC/g, '\u2103')


/** How a way through the portal ended, as the server calls it. */
export const PORTAL_WORDS: Record<string, string> = {
  expired: '门户登录超时或已取消。请重新点击门户登录。',
  refused: '门户没有确认身份。请重试，仍不行请联系系统管理员。',
  unlinked: '该门户用户还没有绑定本系统的账号。请用账号和密码登录后，在“账号安全”中绑定，或请系统管理员绑定。',
  disabled: '绑定的账号已停用。请联系系统管理员。',
  conflict: '该门户用户已绑定其他账号，或本账号已绑定其他门户用户。请先解除原来的绑定。',
  unreachable: '统一门户暂时无法连接。请用账号和密码登录，或稍后重试。',
  busy: '统一门户正在处理其他登录。请稍后重试。',
  unsupported: '服务器缺少连接门户所需的组件（libcurl4）。请联系系统管理员。',
}

const PERMISSIONS: Record<string, string> = {
  'station:read': '查看监测数据', 'station:admit': '接入和设置站点', 'relay:admin': '管理数据转发', 'metrics:read': '读取运行指标',
  'agency:read': '查看机构', 'agency:write': '维护机构与编制', 'officer:read': '查看人员', 'officer:write': '维护人员', 'account:read': '查看账号',
  'account:write': '维护账号', 'grant:read': '查看授权', 'grant:write': '授予与收回角色', 'role:read': '查看权限矩阵', 'trace:read': '查询何人可见', 'audit:read': '查看审计记录',
}
export const permissionWord = (p: string): string => PERMISSIONS[p] ?? p

/** A device without peculiarities has no dialect to name. */
export const dialectWord = (d: string | null | undefined): string => (!d || d === 'standard' ? '无' : d)

export const PERIOD_STAMPS: Record<string, string> = { start: '时段起点', end: '时段终点' }
export const CLOCK_POLICIES: Record<string, string> = { accept: '照常采用', flag: '采用并标为异常' }
export const ANSWER_POLICIES: Record<string, string> = { standard: '按报文标志应答', always: '每帧都应答', never: '不应答' }

export const CONNECTION_STATES: Record<Connection['state'], StateWord> = {
  served: { word: '正常', tone: 'ok', hint: '收到的报文都已落盘并应答' },
  waiting: { word: '待落盘', tone: 'none', hint: '有应答在等待日志落盘' },
  paused: { word: '暂停读取', tone: 'warn', hint: '日志写入落后，暂不读取，落盘后自动继续' },
  limited: { word: '限速', tone: 'warn', hint: '该站点或全体连接达到上限，稍候自动继续' },
  clogged: { word: '对端未收', tone: 'bad', hint: '对端不读取应答，暂不读取它的报文' },
}
export const REFUSALS: Record<string, string> = {
  full: '连接数已达上限', address_connections: '该地址的连接数已达上限', address_rate: '该地址连接过于频繁', resources: '服务器资源不足',
}

/** A clock further off than this is pointed out. */
export const CLOCK_NOTE_S = 60
