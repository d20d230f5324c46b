/** Written by tools/gen-types.mjs from openapi.json; not edited by hand. */

export interface Account {
  /** 账号 */
  id: number
  /** 用户名 */
  username: string
  /** 姓名 */
  name: string
  /** 现有角色 */
  roles: string[]
  /** 已停用 */
  disabled: boolean
  /** 须改密码 */
  must_change: boolean
  /** 对应人员 */
  officer_id: number | null
  /** 对应企业 */
  enterprise_id: number | null
  /** 建立时间 */
  created_at: string
  /** 建立人 */
  cause: string
}

export interface AccountAnswer {
  account: Account
  /** 一次性口令,只显示这一次 */
  password: string | null
}

export interface AccountList {
  items: Account[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
}

export interface AccountOwner {
  /** 对应人员 */
  officer_id?: number | null
  /** 对应企业 */
  enterprise_id?: number | null
}

export interface Admission {
  /** 站点名称 */
  name: string
  /** 企业名称 */
  enterprise_name: string
  /** 统一社会信用代码 */
  credit_code?: string
  /** 排口编号 */
  outlet_code: string
  /** 排口名称 */
  outlet_name: string
  /** 介质 */
  medium: 'water' | 'air' | 'noise' | 'other'
  /** 行政区划 */
  region_code: string
}

export interface Agency {
  /** 机构 */
  id: number
  /** 编码 */
  code: string
  /** 名称 */
  name: string
  /** 类别 */
  kind: string
  /** 上级机构 */
  parent_id: number | null
  /** 承接机构 */
  successor_id: number | null
  /** 依据 */
  basis: string
  /** 自 */
  valid_from: string | null
  /** 至(不含) */
  valid_to: string | null
  /** 编制与在岗 */
  staffing: Staffing
}

export interface AgencyChange {
  /** 机构名称 */
  name: string
  /** 机构类别 */
  kind: 'bureau' | 'corps' | 'team' | 'special'
  /** 上级机构 */
  parent_id?: number | null
  /** 管辖区域 */
  regions?: string[]
  /** 依据 */
  basis?: string
  /** 生效日期,默认今日 */
  valid_from?: string
}

export interface AgencyEnd {
  /** 承接机构 */
  successor_id?: number | null
  /** 终止日期,默认今日 */
  valid_to?: string
  /** 依据 */
  basis?: string
}

export interface AgencyPage {
  /** 机构 */
  id: number
  /** 日期 */
  day: string
  /** 沿革,新的在前 */
  history: AgencySpan[]
  /** 管辖区域 */
  regions: AgencyRegion[]
  /** 部门 */
  departments: Department[]
  /** 编制 */
  establishment: Establishment[]
  /** 编制与在岗 */
  staffing: Staffing
}

export interface AgencyRegion {
  /** 区划代码 */
  code: string
  /** 名称 */
  name: string
  /** 自 */
  valid_from: string | null
  /** 至(不含) */
  valid_to: string | null
}

export interface AgencySpan {
  /** 机构 */
  id: number
  /** 编码 */
  code: string
  /** 名称 */
  name: string
  /** 类别 */
  kind: string
  /** 上级机构 */
  parent_id: number | null
  /** 承接机构 */
  successor_id: number | null
  /** 依据 */
  basis: string
  /** 自 */
  valid_from: string | null
  /** 至(不含) */
  valid_to: string | null
}

export interface AgencyTree {
  /** 日期 */
  day: string
  items: Agency[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
  /** 合计 */
  staffing: Staffing
}

export interface Checkpoint {
  number: number
  size: number
  root: string
  at: string
}

export interface ComposeItem {
  /** 字段 */
  key: string
  /** 值 */
  value: string
}

export interface ComposedFrame {
  /** 报文(加密后没有可读文本) */
  text: string | null
  /** 报文(转义) */
  raw: string
  /** 报文(十六进制) */
  hex: string
  /** 校验码 */
  crc: string
  /** 数据段长度 */
  length: number
}

export interface ConnectedStation {
  /** 设备编码 */
  mn: string
  /** 已登记 */
  known: boolean
  /** 站点名称 */
  name: string | null
  /** 方言 */
  dialect: string
  /** 方言名称 */
  dialect_name: string | null
  /** 时钟偏差 */
  clock_offset_s: number | null
  /** 最近存证编号 */
  last_seq: number | null
}

export interface Connection {
  /** 连接编号 */
  id: number
  /** 来源地址 */
  peer: string
  /** 连接于 */
  since: string
  /** 状态 */
  state: 'served' | 'waiting' | 'paused' | 'clogged' | 'limited'
  /** 协议版本 */
  edition: string
  /** 最近完好报文 */
  last_frame: string | null
  /** 最近命令 */
  last_cn: string
  /** 命令名称 */
  last_cn_name: string | null
  /** 完好帧 */
  frames: number
  /** 坏帧 */
  bad: number
  /** 杂字节段 */
  junk: number
  /** 接收字节 */
  bytes: number
  /** 待落盘的应答 */
  waiting: number
  /** 设备 */
  stations: ConnectedStation[]
  /** 设备数 */
  station_count: number
}

export interface ConnectionList {
  items: Connection[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
  listen: ListenAddress
  /** 当前连接 */
  connected: number
  /** 累计接入 */
  accepted: number
  /** 累计拒绝 */
  refused: number
  /** 最近拒绝 */
  refusals: Refusal[]
}

export interface Credentials {
  /** 用户名 */
  username: string
  /** 密码 */
  password: string
  /** 动态口令或恢复码 */
  code?: string
}

export interface Department {
  /** 部门 */
  id: number
  /** 名称 */
  name: string
  /** 自 */
  valid_from: string | null
  /** 至(不含) */
  valid_to: string | null
}

export interface DepartmentEnd {
  /** 终止日期,默认今日 */
  valid_to?: string
  /** 依据 */
  basis?: string
}

export interface Device {
  /** 编号 */
  id: string
  /** 登录地址 */
  address: string
  /** 浏览器 */
  browser: string
  /** 登录时间 */
  signed_in: string
  /** 最近使用 */
  last_seen: string
  /** 本机 */
  current: boolean
}

export interface DeviceList {
  items: Device[]
}

export interface DeviceProfile {
  /** 协议版本 */
  edition: string
  /** 已设访问密码 */
  password_set: boolean
  /** 容许校验码错误(调试) */
  accept_bad_crc: boolean
  /** 时钟策略 */
  clock_policy: string
  /** 方言 */
  dialect: string
  /** 应答策略 */
  answer_policy: string
  /** 时段标注方式 */
  period_stamp: string
  /** 已设 SM4 密钥 */
  sm4_key_set: boolean
  /** 时区(分钟) */
  time_offset_minutes: number
}

export interface DeviceProfilePatch {
  /** 协议版本 */
  edition?: 'auto' | '2005' | '2017' | '2025'
  /** 访问密码 */
  password?: string | null
  /** 容许校验码错误(调试) */
  accept_bad_crc?: boolean
  /** 时钟策略 */
  clock_policy?: 'flag' | 'accept'
  /** 方言 */
  dialect?: string
  /** 应答策略 */
  answer_policy?: 'standard' | 'always' | 'never'
  /** 时段标注方式 */
  period_stamp?: 'start' | 'end'
  /** SM4 密钥(32 位十六进制) */
  sm4_key?: string | null
  /** 时区(分钟) */
  time_offset_minutes?: number
  /** 分钟数据间隔 */
  interval_minutes?: number
}

export interface DevicesEnded {
  /** 退出的登录数 */
  ended: number
}

export interface DictionaryFactor {
  /** 编码(2017) */
  code: string
  /** 编码(2005) */
  code_2005: string
  /** 名称 */
  name: string
  /** 介质 */
  medium: string
  /** 单位 */
  unit: string
}

export interface DictionaryFactorList {
  items: DictionaryFactor[]
  total: number
  next: string | null
}

export interface Establishment {
  /** 编制类别 */
  kind: string
  /** 核定数 */
  approved: number
  /** 依据 */
  basis: string
  /** 自 */
  valid_from: string | null
  /** 至(不含) */
  valid_to: string | null
}

export interface EstablishmentChange {
  /** 编制类别 */
  kind: 'administrative' | 'institution' | 'worker'
  /** 核定数 */
  approved: number
  /** 文号或依据 */
  basis?: string
  /** 生效日期,默认今日 */
  valid_from?: string
}

export interface Evidence {
  /** 记录数 */
  records: number
  /** 已落盘 */
  durable: number
  /** 根哈希 */
  root: string
  /** 状态 */
  health: string
  /** 检查点数 */
  checkpoint_count: number
  checkpoints: Checkpoint[]
}

export interface EvidenceBox {
  /** 记录数 */
  records: number
  /** 已落盘 */
  durable: number
  /** 根哈希 */
  root: string
  /** 检查点数 */
  checkpoints: number
  /** 最近检查点 */
  last_checkpoint_at: string | null
  /** 状态 */
  health: string
}

export interface EvidenceGrowth {
  /** 分段数 */
  segments: number
  /** 已压缩的分段数 */
  packed: number
  /** 全部分段压缩前的字节数 */
  bytes: number
  /** 全部分段现占的字节数 */
  stored_bytes: number
  /** 每日合计,新的在前 */
  days: EvidenceGrowthDay[]
  /** 每站每日 */
  items: EvidenceGrowthRow[]
  total: number
  /** 下一页的 after */
  next: string | null
}

export interface EvidenceGrowthDay {
  /** 接收日期 */
  day: string
  /** 记录数 */
  records: number
  /** 字节数(压缩前) */
  bytes: number
}

export interface EvidenceGrowthRow {
  /** 接收日期 */
  day: string
  /** 设备编码;空为平台自身及来源不明的记录 */
  mn: string | null
  /** 记录数 */
  records: number
  /** 字节数(压缩前) */
  bytes: number
}

export interface Factor {
  /** 因子编码 */
  code: string
  /** 因子 */
  name: string
  /** 单位 */
  unit: string
  /** 小数位 */
  decimals: number
  /** 限值 */
  limit: string | null
  /** 下限 */
  limit_low: string | null
  /** 限值依据 */
  limit_basis: string | null
  /** 上报的数据类型 */
  kinds: string[]
}

export interface Fault {
  /** 故障 */
  cause: string
  /** 可能原因 */
  text: string
  /** 次数 */
  count: number
  /** 最近一次的存证编号 */
  last_seq: number | null
  /** 最近一次 */
  last_received: string
  /** 最近一次的设备编码 */
  last_mn: string | null
}

export interface Faults {
  /** 统计起点 */
  since: string | null
  items: Fault[]
}

export interface Frame {
  /** 存证编号 */
  seq: number
  /** 接收时间 */
  received: string
  /** 类别 */
  kind: string
  /** 设备编码 */
  mn: string
  /** 来源地址 */
  peer: string
  /** 叶子哈希(SM3) */
  leaf: string
  /** 原文(转义) */
  raw: string
  /** 解析结果 */
  decoded: unknown
  explained: FrameExplained | null
  /** 故障 */
  cause: string | null
  /** 可能原因 */
  cause_text: string | null
}

export interface FrameExplained {
  command: NamedCode
  system_type: NamedCode
  items: FrameItem[]
  /** 故障原因 */
  cause_text: string | null
  warnings: FrameWarning[]
}

export interface FrameFields {
  /** 协议版本 */
  edition: '2005' | '2017' | '2025'
  /** 请求编号 */
  qn?: string
  /** 系统编码 */
  st?: string
  /** 命令编码 */
  cn: string
  /** 访问密码 */
  pw?: string
  /** 设备编码 */
  mn?: string
  /** 要求应答 */
  ack?: boolean
  /** Flag(不填则按版本) */
  flag?: number | null
  /** 总包数 */
  pnum?: number | null
  /** 包号 */
  pno?: number | null
  /** 补传(2025) */
  rf?: boolean
  /** 数据区字段 */
  items: ComposeItem[]
  /** SM4 密钥(32 位十六进制) */
  key?: string
}

export interface FrameItem {
  /** 组序号 */
  group: number
  /** 字段 */
  key: string
  /** 值 */
  value: string | null
  /** 因子 */
  factor_name: string | null
  /** 含义 */
  field_name: string | null
  /** 单位 */
  unit: string | null
  /** 值的含义 */
  value_name: string | null
}

export interface FrameRow {
  /** 存证编号 */
  seq: number
  /** 接收时间 */
  received: string
  /** 类别 */
  kind: string
  /** 命令编码 */
  cn: string
  /** 命令 */
  cn_name: string | null
  /** 数据时间 */
  data_time: string | null
  /** 字节数 */
  size: number
  cause: string | null
  /** 原因 */
  cause_text: string | null
}

export interface FrameRowPage {
  items: FrameRow[]
  /** 下一页游标;一次查找有上限,本页为空而游标不为空时可继续往前查 */
  next: string | null
}

export interface FrameText {
  /** 报文:原文、转义文本或十六进制,可以有多帧 */
  text: string
  /** SM4 密钥(32 位十六进制) */
  key?: string
}

export interface FrameWarning {
  word: string
  /** 说明 */
  text: string
}

export interface Grant {
  /** 授权 */
  id: number
  /** 用户名 */
  username: string
  /** 姓名 */
  name: string
  /** 角色 */
  role: string
  /** 数据范围 */
  scope: string
  /** 指定区县或名单 */
  items: GrantItem[]
  /** 自 */
  valid_from: string
  /** 至;空为长期 */
  valid_to: string | null
  /** 理由 */
  reason: string
  /** 授权人 */
  granted_by: string
  /** 授权时间 */
  granted_at: string
  /** 收回人 */
  ended_by: string
  /** 收回时间 */
  ended_at: string | null
}

export interface GrantItem {
  /** 对象类别 */
  kind: 'region' | 'agency' | 'enterprise' | 'station'
  /** 代码或编号 */
  key: string
}

export interface GrantList {
  items: Grant[]
  /** 下一页游标 */
  next: string | null
}

export interface Health {
  /** 状态 */
  status: string
  /** 原因 */
  cause: string | null
  /** 示范数据 */
  demo: boolean
  /** 版本 */
  version: string
}

export interface HeldRole {
  /** 角色 */
  name: string
  /** 名称 */
  title: string
}

export interface InspectedFrame {
  /** 类别 */
  kind: 'frame' | 'bad' | 'junk'
  /** 原文(转义) */
  raw: string
  /** 字节数 */
  size: number
  /** 设备编码 */
  mn: string | null
  /** 所用密钥的来处 */
  key_from: 'given' | 'station' | null
  /** 解析结果 */
  decoded: unknown
  explained: FrameExplained | null
  /** 故障 */
  cause: string | null
  /** 可能原因 */
  cause_text: string | null
}

export interface Inspection {
  /** 文本按何种写法读取 */
  read_as: 'raw' | 'escaped' | 'hex'
  /** 字节数 */
  size: number
  /** 逐帧结果 */
  events: InspectedFrame[]
  /** 未列出的段数 */
  omitted: number
}

export interface Latest {
  /** 因子编码 */
  factor: string
  /** 因子 */
  name: string
  /** 字段 */
  field: string
  /** 单位 */
  unit: string
  /** 值 */
  value: string
  /** 数据标志 */
  flag: string
  /** 标志含义 */
  flag_name: string | null
  /** 数据时间 */
  time: string | null
  /** 限值 */
  limit: string | null
  /** 高于限值 */
  exceeds: boolean
  /** 存证编号 */
  seq: number
}

export interface ListenAddress {
  /** 监听地址 */
  host: string
  /** 端口 */
  port: number
}

export interface MachineToken {
  /** 编号 */
  id: number
  /** 用途 */
  name: string
  /** 权限 */
  permissions: string[]
  /** 创建时间 */
  created: string
  /** 有效期至 */
  expires: string
  /** 停用时间 */
  revoked: string | null
  /** 最近使用 */
  last_used: string | null
  /** 最近使用的地址 */
  last_address: string
}

export interface MachineTokenDraft {
  /** 用途 */
  name: string
  /** 权限 */
  permissions: string[]
  /** 有效期至 */
  expires: string
}

export interface MachineTokenList {
  items: MachineToken[]
}

export interface MachineTokenMade {
  /** 编号 */
  id: number
  /** 令牌,只显示这一次 */
  token: string
}

export interface MatrixRoute {
  /** 方法 */
  method: string
  /** 路径 */
  path: string
  /** 用途 */
  summary: string
  /** 模块 */
  tag: string
  /** 所需权限;空串为已登录即可 */
  permission: string | null
  /** 可用的角色 */
  roles: string[]
}

export interface MediumCount {
  /** 介质 */
  medium: string
  /** 站点数 */
  total: number
  /** 在报数 */
  online: number
}

export interface NamedCode {
  /** 命令编码 */
  cn?: string
  /** 系统编码 */
  st?: string
  /** 名称 */
  name: string | null
}

export interface NamedId {
  id: number
  /** 名称 */
  name: string
}

export interface NewAccount {
  /** 用户名 */
  username: string
  /** 姓名 */
  name: string
  /** 对应人员 */
  officer_id?: number | null
  /** 对应企业 */
  enterprise_id?: number | null
}

export interface NewAgency {
  /** 机构编码 */
  code: string
  /** 机构名称 */
  name: string
  /** 机构类别 */
  kind: 'bureau' | 'corps' | 'team' | 'special'
  /** 上级机构 */
  parent_id?: number | null
  /** 管辖区域 */
  regions?: string[]
  /** 依据 */
  basis?: string
  /** 生效日期,默认今日 */
  valid_from?: string
}

export interface NewDepartment {
  /** 部门名称 */
  name: string
  /** 设立日期,默认今日 */
  valid_from?: string
}

export interface NewGrant {
  /** 用户名 */
  username: string
  /** 角色 */
  role: string
  /** 数据范围 */
  scope: 'none' | 'self' | 'department' | 'agency' | 'agency_below' | 'region' | 'list' | 'all'
  /** 指定区县或名单 */
  items?: GrantItem[]
  /** 自,默认现在 */
  valid_from?: string | null
  /** 至,默认长期 */
  valid_to?: string | null
  /** 理由 */
  reason?: string
}

export interface NewOfficer {
  /** 工号 */
  staff_no: string
  /** 姓名 */
  name: string
  /** 编制所在机构 */
  agency_id: number
  /** 编制类别 */
  establishment: 'administrative' | 'institution' | 'worker' | 'none'
  /** 职务 */
  post?: string
  /** 执法岗位 */
  enforcement: boolean
  /** 在岗状态 */
  status: 'on_post' | 'mixed' | 'loan' | 'leave'
  /** 工作机构,默认编制所在机构 */
  work_agency_id?: number | null
  /** 工作部门 */
  work_department_id?: number | null
  /** 依据 */
  basis?: string
  /** 自,默认今日 */
  valid_from?: string
}

export interface NewRelay {
  /** 上级平台名称 */
  name: string
  /** 地址(域名或 IP) */
  host: string
  /** 端口 */
  port: number
  /** 暂停 */
  paused?: boolean
  /** 转发范围 */
  scope?: 'all' | 'region' | 'list'
  /** 行政区划 */
  region_code?: string | null
  /** 站点名单 */
  stations?: string[]
  /** 转发方式 */
  mode?: 'raw' | 'rewrite'
  /** 协议版本 */
  edition?: 'keep' | '2005' | '2017' | '2025'
  /** 要求上级应答 */
  ask_ack?: boolean
  /** 访问密码 */
  password?: string | null
  /** 编码对照 */
  names?: RelayName[]
  /** 同站最小间隔(毫秒) */
  pace_ms?: number
  /** 总速率(帧/秒) */
  rate_per_s?: number
  /** 应答超时(毫秒) */
  answer_ms?: number
  /** 发送次数 */
  tries?: number
  /** 从何时接收的报文开始;缺省为现在 */
  from?: string | null
}

export interface Nothing {
}

export interface Officer {
  /** 人员 */
  id: number
  /** 工号 */
  staff_no: string
  /** 姓名 */
  name: string
  /** 编制所在机构 */
  agency_id: number
  /** 编制所在机构名称 */
  agency_name: string
  /** 编制类别 */
  establishment: string
  /** 职务 */
  post: string
  /** 执法岗位 */
  enforcement: boolean
  /** 在岗状态 */
  status: string
  /** 工作机构 */
  work_agency_id: number
  /** 工作机构名称 */
  work_agency_name: string
  /** 工作部门 */
  work_department_id: number | null
  /** 工作部门名称 */
  work_department_name: string
  /** 依据 */
  basis: string
  /** 自 */
  valid_from: string | null
  /** 至(不含) */
  valid_to: string | null
  /** 登记人 */
  cause: string
}

export interface OfficerChange {
  /** 编制所在机构 */
  agency_id: number
  /** 编制类别 */
  establishment: 'administrative' | 'institution' | 'worker' | 'none'
  /** 职务 */
  post?: string
  /** 执法岗位 */
  enforcement: boolean
  /** 在岗状态 */
  status: 'on_post' | 'mixed' | 'loan' | 'leave'
  /** 工作机构,默认编制所在机构 */
  work_agency_id?: number | null
  /** 工作部门 */
  work_department_id?: number | null
  /** 依据 */
  basis?: string
  /** 自,默认今日 */
  valid_from?: string
}

export interface OfficerLeave {
  /** 离职日期,默认今日 */
  valid_to?: string
  /** 依据 */
  basis?: string
}

export interface OfficerList {
  /** 日期 */
  day: string
  items: Officer[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
}

export interface OfficerPage {
  /** 人员 */
  id: number
  /** 工号 */
  staff_no: string
  /** 姓名 */
  name: string
  /** 履历,新的在前 */
  history: OfficerSpan[]
}

export interface OfficerSpan {
  /** 编制所在机构 */
  agency_id: number
  /** 编制所在机构名称 */
  agency_name: string
  /** 编制类别 */
  establishment: string
  /** 职务 */
  post: string
  /** 执法岗位 */
  enforcement: boolean
  /** 在岗状态 */
  status: string
  /** 工作机构 */
  work_agency_id: number
  /** 工作机构名称 */
  work_agency_name: string
  /** 工作部门 */
  work_department_id: number | null
  /** 工作部门名称 */
  work_department_name: string
  /** 依据 */
  basis: string
  /** 自 */
  valid_from: string | null
  /** 至(不含) */
  valid_to: string | null
  /** 登记人 */
  cause: string
}

export interface OneTimeCode {
  /** 动态口令 */
  code: string
}

export interface Overview {
  /** 截至 */
  as_of: string
  /** 示范数据 */
  demo: boolean
  stations: StationCounts
  media: MediumCount[]
  traffic: Traffic
  evidence: EvidenceBox
}

export interface PasswordAgain {
  /** 密码 */
  password: string
}

export interface PasswordAndCode {
  /** 密码 */
  password: string
  /** 动态口令 */
  code: string
}

export interface PasswordChange {
  /** 原密码 */
  current: string
  /** 新密码 */
  password: string
}

export interface Permission {
  /** 权限 */
  name: string
  /** 名称 */
  title: string
  /** 受数据范围限制 */
  data: boolean
}

export interface PermissionMatrix {
  roles: Role[]
  permissions: Permission[]
  routes: MatrixRoute[]
}

export interface Portal {
  /** 可用 */
  enabled: boolean
  /** 按钮文字 */
  title: string
  /** 本账号已绑定 */
  linked: boolean
}

export interface Problem {
  type: string
  /** 可据以处理的中文说明 */
  title: string
  status: number
  /** 供程序判断的短词 */
  code: string
  detail?: string
  /** 字段名 → 中文说明 */
  fields?: Record<string, unknown>
}

export interface Proof {
  /** 存证编号 */
  seq: number
  /** 叶子哈希 */
  leaf: string
  /** 树的大小 */
  tree_size: number
  /** 路径 */
  path: string[]
  /** 根哈希 */
  root: string
  /** 验证通过 */
  verified: boolean
  checkpoint: SignedCheckpoint | null
}

export interface Reach {
  /** 权限 */
  permission: string
  /** 范围类别;right 表示权限本身,all 表示全部数据 */
  kind: string
  /** 代码或编号 */
  key: string
  /** 自 */
  valid_from: string
  /** 至;空为长期 */
  valid_to: string | null
}

export interface ReachList {
  /** 时刻 */
  at: string
  items: Reach[]
}

export interface RecoveryCodes {
  /** 恢复码 */
  recovery_codes: string[]
}

export interface Refusal {
  /** 时间 */
  at: string
  /** 来源地址 */
  peer: string
  /** 原因 */
  reason: string
}

export interface Region {
  /** 行政区划代码 */
  code: string
  /** 行政区划 */
  name: string
}

export interface RegionList {
  items: Region[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
}

export interface Relay {
  id: number
  /** 上级平台名称 */
  name: string
  /** 地址 */
  host: string
  /** 端口 */
  port: number
  /** 暂停 */
  paused: boolean
  /** 转发范围 */
  scope: 'all' | 'region' | 'list'
  /** 行政区划 */
  region_code: string | null
  /** 转发方式 */
  mode: 'raw' | 'rewrite'
  /** 协议版本 */
  edition: 'keep' | '2005' | '2017' | '2025'
  /** 要求上级应答 */
  ask_ack: boolean
  /** 已设访问密码 */
  password_set: boolean
  /** 同站最小间隔(毫秒) */
  pace_ms: number
  /** 总速率(帧/秒) */
  rate_per_s: number
  /** 应答超时(毫秒) */
  answer_ms: number
  /** 发送次数 */
  tries: number
  /** 名单站点数 */
  station_count: number
  /** 编码对照数 */
  name_count: number
  /** 建立时间 */
  created_at: string
  /** 建立人 */
  created_by: string
  /** 修改时间 */
  updated_at: string
  /** 状态 */
  state: 'paused' | 'down' | 'connecting' | 'up' | 'mute'
  /** 受阻原因 */
  cause: string | null
  /** 连接时间 */
  connected_at: string | null
  /** 最近应答 */
  last_ack: string | null
  /** 待转发条数 */
  lag_records: number
  /** 滞后(秒) */
  lag_seconds: number | null
  /** 其中补传条数 */
  fill_records: number
  /** 已发待应答 */
  open: number
  /** 发送次数累计 */
  sent: number
  /** 已应答 */
  acknowledged: number
  /** 应答超时 */
  timeouts: number
  /** 被拒收 */
  refused: number
  /** 搁置报文 */
  aside_total: number
}

export interface RelayAside {
  /** 存证编号 */
  seq: number
  /** 设备编码 */
  mn: string
  /** 命令编码 */
  cn: string
  /** 命令 */
  cn_name: string | null
  /** 原因 */
  reason: 'unanswered' | 'refused' | 'enciphered' | 'malformed'
  /** 返回码 */
  code: number
  /** 发送次数 */
  tries: number
  /** 搁置时间 */
  at: string
  /** 将重新发送 */
  again: boolean
}

export interface RelayGone {
}

export interface RelayList {
  items: Relay[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
}

export interface RelayName {
  /** 设备编码 */
  mn: string
  /** 上级平台的编码 */
  upstream_mn: string
}

export interface RelayPage {
  id: number
  /** 上级平台名称 */
  name: string
  /** 地址 */
  host: string
  /** 端口 */
  port: number
  /** 暂停 */
  paused: boolean
  /** 转发范围 */
  scope: 'all' | 'region' | 'list'
  /** 行政区划 */
  region_code: string | null
  /** 转发方式 */
  mode: 'raw' | 'rewrite'
  /** 协议版本 */
  edition: 'keep' | '2005' | '2017' | '2025'
  /** 要求上级应答 */
  ask_ack: boolean
  /** 已设访问密码 */
  password_set: boolean
  /** 同站最小间隔(毫秒) */
  pace_ms: number
  /** 总速率(帧/秒) */
  rate_per_s: number
  /** 应答超时(毫秒) */
  answer_ms: number
  /** 发送次数 */
  tries: number
  /** 名单站点数 */
  station_count: number
  /** 编码对照数 */
  name_count: number
  /** 建立时间 */
  created_at: string
  /** 建立人 */
  created_by: string
  /** 修改时间 */
  updated_at: string
  /** 状态 */
  state: 'paused' | 'down' | 'connecting' | 'up' | 'mute'
  /** 受阻原因 */
  cause: string | null
  /** 连接时间 */
  connected_at: string | null
  /** 最近应答 */
  last_ack: string | null
  /** 待转发条数 */
  lag_records: number
  /** 滞后(秒) */
  lag_seconds: number | null
  /** 其中补传条数 */
  fill_records: number
  /** 已发待应答 */
  open: number
  /** 发送次数累计 */
  sent: number
  /** 已应答 */
  acknowledged: number
  /** 应答超时 */
  timeouts: number
  /** 被拒收 */
  refused: number
  /** 搁置报文 */
  aside_total: number
  /** 站点名单 */
  stations: string[]
  /** 编码对照 */
  names: RelayName[]
  /** 搁置的报文,新的在前 */
  aside: RelayAside[]
}

export interface RelayPatch {
  /** 上级平台名称 */
  name?: string
  /** 地址(域名或 IP) */
  host?: string
  /** 端口 */
  port?: number
  /** 暂停 */
  paused?: boolean
  /** 转发范围 */
  scope?: 'all' | 'region' | 'list'
  /** 行政区划 */
  region_code?: string | null
  /** 站点名单 */
  stations?: string[]
  /** 转发方式 */
  mode?: 'raw' | 'rewrite'
  /** 协议版本 */
  edition?: 'keep' | '2005' | '2017' | '2025'
  /** 要求上级应答 */
  ask_ack?: boolean
  /** 访问密码 */
  password?: string | null
  /** 编码对照 */
  names?: RelayName[]
  /** 同站最小间隔(毫秒) */
  pace_ms?: number
  /** 总速率(帧/秒) */
  rate_per_s?: number
  /** 应答超时(毫秒) */
  answer_ms?: number
  /** 发送次数 */
  tries?: number
}

export interface RelayRetry {
  /** 将重新发送的条数 */
  marked: number
}

export interface Role {
  /** 角色 */
  name: string
  /** 名称 */
  title: string
  /** 三员之一,不得兼任 */
  alone: boolean
  /** 权限 */
  permissions: string[]
  /** 可授的数据范围 */
  scopes: string[]
}

export interface SecondFactor {
  /** 已启用 */
  enabled: boolean
  /** 启用时间 */
  since: string | null
  /** 剩余恢复码 */
  recovery_left: number
}

export interface SecondFactorOffer {
  /** 密钥 */
  secret: string
  /** 供手机应用读取的地址 */
  uri: string
}

export interface Series {
  /** 设备编码 */
  mn: string
  factor: Factor
  /** 数据类型 */
  kind: string
  /** 字段 */
  field: string
  from: string
  to: string
  /** 时段长度(分钟) */
  step_minutes: number
  bucketed: boolean
  /** 未列完 */
  truncated: boolean
  points: SeriesValue[]
  buckets: SeriesBucket[]
  recomputed: SeriesAggregate[]
}

export interface SeriesAggregate {
  /** 时段起点 */
  from: string
  /** 站点对该时段的标注时间 */
  time: string
  /** 复算均值 */
  avg: string | null
  /** 复算最小 */
  min: string | null
  /** 复算最大 */
  max: string | null
  /** 有效个数 */
  valid: number
  /** 总个数 */
  total: number
  /** 复算标志 */
  flag: string
  /** 复算依据 */
  source: string
}

export interface SeriesBucket {
  from: string
  count: number
  min: SeriesValue
  max: SeriesValue
  first: SeriesValue
  last: SeriesValue
}

export interface SeriesValue {
  /** 数据时间 */
  time: string
  /** 上报值 */
  value: string
  /** 数据标志 */
  flag: string
  /** 存证编号 */
  seq: number
  /** 版本数 */
  versions: number
}

export interface SeriesVersion {
  /** 值 */
  value: string
  /** 数据标志 */
  flag: string
  /** 存证编号 */
  seq: number
  /** 接收时间 */
  received: string | null
}

export interface SeriesVersionList {
  items: SeriesVersion[]
  total: number
  next: string | null
}

export interface Session {
  /** 用户 */
  user: SignedInUser
  /** 跨站请求令牌 */
  csrf: string
  /** 到期时间 */
  expires: string
}

export interface SignedCheckpoint {
  /** 检查点序号 */
  number: number
  /** 记录数 */
  size: number
  /** 根哈希 */
  root: string
  /** 签发时间 */
  at: string
  /** 签名原文 */
  text: string
  /** SM2 签名 */
  signature: string
  /** 公钥 */
  public_key: string
  /** 验签通过 */
  signature_ok: boolean
}

export interface SignedInUser {
  /** 用户名 */
  username: string
  /** 姓名 */
  name: string
  /** 角色,多个时为第一个 */
  role: string
  /** 全部角色 */
  roles: HeldRole[]
  /** 权限 */
  permissions: string[]
  /** 须修改密码 */
  must_change: boolean
}

export interface Staffing {
  /** 用编率:在编人数/核定编制 */
  post_use: StaffingRate
  /** 在岗率:在岗执法人数/在编人数 */
  on_duty: StaffingRate
  /** 按编制类别 */
  kinds: StaffingKind[]
  /** 在编而混岗 */
  mixed: number
  /** 在编而借出 */
  loaned_out: number
  /** 在编而离岗 */
  on_leave: number
  /** 在编在岗而非执法岗位 */
  other: number
  /** 借入 */
  loaned_in: number
  /** 不在编 */
  without_post: number
}

export interface StaffingKind {
  /** 编制类别 */
  kind: string
  /** 核定 */
  approved: number
  /** 在编 */
  used: number
}

export interface StaffingRate {
  /** 分子 */
  numerator: number
  /** 分母 */
  denominator: number
  /** 百分比;分母为零时没有 */
  percent: string | null
}

export interface Station {
  /** 设备编码 */
  mn: string
  /** 站点名称 */
  name: string
  enterprise: NamedId
  outlet: StationOutlet
  region: Region
  /** 状态 */
  state: 'never' | 'online' | 'late' | 'abnormal' | 'offline'
  state_since: string | null
  last_received: string | null
  last_data_time: string | null
  /** 时钟偏差 */
  clock_offset_s: number | null
  /** 协议版本 */
  edition: string
  /** 方言 */
  dialect: string
  /** 方言名称 */
  dialect_name: string | null
  /** 已连接 */
  connected: boolean
  /** 来源地址 */
  peer: string | null
  latest: Latest[]
}

export interface StationCounts {
  /** 已接入 */
  total: number
  /** 未上报 */
  never: number
  /** 在线 */
  online: number
  /** 迟报 */
  late: number
  /** 异常 */
  abnormal: number
  /** 离线 */
  offline: number
  /** 待接入 */
  unknown_mn: number
}

export interface StationIssue {
  word: string
  /** 原因 */
  text: string
  /** 次数 */
  count: number
}

export interface StationList {
  items: Station[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
}

export interface StationOutlet {
  id: number
  /** 排口编号 */
  code: string
  /** 排口名称 */
  name: string
  /** 介质 */
  medium: string
}

export interface StationPage {
  /** 设备编码 */
  mn: string
  /** 站点名称 */
  name: string
  enterprise: NamedId
  outlet: StationOutlet
  region: Region
  /** 状态 */
  state: 'never' | 'online' | 'late' | 'abnormal' | 'offline'
  state_since: string | null
  last_received: string | null
  last_data_time: string | null
  /** 时钟偏差 */
  clock_offset_s: number | null
  /** 协议版本 */
  edition: string
  /** 方言 */
  dialect: string
  /** 方言名称 */
  dialect_name: string | null
  /** 已连接 */
  connected: boolean
  /** 来源地址 */
  peer: string | null
  latest: Latest[]
  factors: Factor[]
  profile: DeviceProfile
  counts: StationTraffic
  issues: StationIssue[]
  /** 分钟数据间隔 */
  interval_minutes: number
}

export interface StationTrace {
  /** 设备编码 */
  mn: string
  /** 站点 */
  name: string
  /** 时刻 */
  at: string
  items: Witness[]
}

export interface StationTraffic {
  /** 有效帧 */
  frames: number
  /** 校验错误帧 */
  bad: number
  /** 重发 */
  repeated: number
  /** 数据个数 */
  values: number
}

export interface Traffic {
  /** 有效帧 */
  frames: number
  /** 校验错误帧 */
  bad: number
  /** 杂散字节段 */
  junk: number
  /** 已应答 */
  acknowledged: number
  /** 重发 */
  repeated: number
  /** 数据个数 */
  values: number
  /** 字节 */
  bytes: number
  /** 连接 */
  connections: number
  /** 每秒帧数 */
  frames_per_s: unknown
  /** 已存证 */
  durable: number
}

export interface UnknownStation {
  /** 设备编码 */
  mn: string
  /** 首次收到 */
  first_seen: string
  /** 最近收到 */
  last_seen: string
  /** 帧数 */
  frames: number
  /** 来源地址 */
  peer: string
  /** 协议版本 */
  edition: string
  /** 系统编码 */
  st: string
  /** 最近存证编号 */
  last_seq: number
  /** 最近命令 */
  last_cn: string
}

export interface UnknownStationList {
  items: UnknownStation[]
  /** 总数 */
  total: number
  /** 下一页游标 */
  next: string | null
}

export interface Witness {
  /** 用户名 */
  username: string
  /** 姓名 */
  name: string
  /** 因何可见 */
  kind: string
  /** 代码或编号 */
  key: string
  /** 自 */
  valid_from: string
  /** 至;空为长期 */
  valid_to: string | null
}
