/** Frames to try the inspector with. The devices do not exist. */

export interface Example { name: string; text: string; key?: string }

const HEAD = 'QN=20261123080001000;ST=32;CN=2011;PW=123456;MN=5001070000000000000000A1;Flag=5;CP=&&DataTime=20261123080000;'
const CELLS = 'w00000-Rtd=12.6,w00000-Flag=N;w01018-Rtd=38.52,w01018-Flag=N;w21003-Rtd=1.076,w21003-Flag=N&&'
const HOUR =
  '##0192QN=20261123080001000;ST=32;CN=2061;PW=123456;MN=5001070000000000000000A1;Flag=5;CP=&&DataTime=20261123080000;' +
  'w01018-Min=35.10,w01018-Avg=37.86,w01018-Max=41.02,w01018-Cou=1.703,w01018-Flag=N&&9841'

export const EXAMPLES: Example[] = [
  { name: '废水实时数据（2017 版）', text: `##0202${HEAD}${CELLS}2A80` },
  { name: '废水小时数据（2017 版）', text: HOUR },
  {
    name: '废气实时数据（2005 版）',
    text: '##0136QN=20261123080001000;ST=31;CN=2011;PW=123456;MN=50010700000002;Flag=1;CP=&&DataTime=20261123080000;02-Rtd=35.4,02-ZsRtd=48.8,02-Flag=D&&9C01',
  },
  {
    name: '加密的废气实时数据（2025 版）',
    key: '30303030303030303030303030303030',
    text: String.raw`##0158QN=20261123080001000;ST=31;CN=2011;PW=123456;MN=5001070000000000000000A1;Flag=9;CP=&&!\xDE\x89\xB4\xB9\x96\xFDm\xDA\xA8+T\x84\xEF~v\xDE\x87\x8E\xCD\xFFx\x1D\x8EG\x0E$\xB75\x90\nDH\xDA\x88B\xDB|~\x82V\x87}\xFCa(Q\x98\x05!\xD8\xCE90P\xBB\xE9j\x01-\x80\x0C\xCA\xD4-Flag=N&&8EC1\r\n`,
  },
  { name: '校验算法用错（MODBUS）', text: `##0202${HEAD}${CELLS}79B3` },
  { name: '长度填错', text: `##0222${HEAD}${CELLS}2A80` },
  { name: '断在中途，又接下一帧', text: `##0202${HEAD}w00000-Rtd=12.6,w000\n${HOUR}` },
]
