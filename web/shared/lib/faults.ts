/** Short names of what goes wrong with frames, and what to ask the operator of the device to do. */

export interface FaultWord { name: string; advice: string }

const ALGORITHM = '请数采仪厂家按 HJ 212 附录 A 修正校验算法：只算数据段，写成四位十六进制字符，高位在前。'
const LENGTH = '请厂家核对长度字段：四位十进制，只计数据段的字节数。'
const LINE = '请检查通信线路、无线信号和串口参数；偶发可不处理，频繁出现应更换线路或模块。'
const FRAMING = '请厂家核对组帧：一帧发完再发下一帧，末尾为“&&”、校验码和回车换行。'

const FAULTS: Record<string, FaultWord> = {
  'length-short': { name: '长度偏小', advice: LENGTH },
  'length-long': { name: '长度偏大', advice: LENGTH },
  'length-hex': { name: '长度为十六进制', advice: LENGTH },
  'crc-modbus': { name: '校验算法用错', advice: ALGORITHM },
  'crc-modbus-low-first': { name: '校验算法用错', advice: ALGORITHM },
  'crc-byteswapped': { name: '校验码高低字节颠倒', advice: ALGORITHM },
  'crc-whole-frame': { name: '校验范围用错', advice: ALGORITHM },
  'crc-three-digits': { name: '校验码少一位', advice: ALGORITHM },
  'crc-raw-bytes': { name: '校验码不是字符', advice: ALGORITHM },
  'crc-placeholder': { name: '没有校验码', advice: ALGORITHM },
  'crc-impossible': { name: '校验算法有误', advice: ALGORITHM },
  'crc-mismatch': { name: '校验不符', advice: LINE },
  'bytes-lost': { name: '丢失字节', advice: LINE },
  'bytes-added': { name: '多出字节', advice: LINE },
  truncated: { name: '报文中断', advice: FRAMING },
  'overrun-by-next-frame': { name: '两帧相连', advice: FRAMING },
  'no-start': { name: '不是报文', advice: '请核对对端是否为数采仪，是否误发调试信息或其他协议；来历不明的地址请通知网络管理员。' },
  'key-wrong': { name: '密钥不符', advice: '请与运维单位核对 SM4 密钥，并在站点页的设备档案中更新。' },
  'no-header': { name: '没有可读字段', advice: FRAMING },
  malformed: { name: '结构不完整', advice: '请厂家核对数据段：MN、CN、CP 均须齐全。' },
  password: { name: '访问密码不符', advice: '请核对数采仪的访问密码 PW，或在站点页的设备档案中更新。' },
  encrypted: { name: '缺少密钥', advice: '请向运维单位索取 SM4 密钥，在站点页的设备档案中填写，此前的报文会自动补算。' },
  no_time: { name: '缺少数据时间', advice: '请厂家核对 DataTime：十四位数字，如 20261123080000。' },
  split_incomplete: { name: '拆分未收全', advice: '请核对 PNUM、PNO 是否连续；可用反控命令提取历史数据补齐。' },
  future: { name: '时间超前', advice: '请给数采仪校时。' },
  beyond: { name: '超出范围', advice: '请给数采仪校时，并核对一帧内的因子数。' },
  bad_crc: { name: '校验不符', advice: LINE },
  junk: { name: '不是报文', advice: FRAMING },
}

export const faultWord = (cause: string): FaultWord => FAULTS[cause] ?? { name: cause, advice: '请打开最近一条报文核对。' }
