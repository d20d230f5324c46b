/** The pages of the menu, each with the permission that shows it. The server checks again. */

export interface MenuEntry { path: string; label: string; short: string; permission: string; icon: string }

export const MENU: MenuEntry[] = [
  { path: '/overview', label: '监测总览', short: '总览', permission: 'station:read', icon: 'M3 12h4l3-8 4 16 3-8h4' },
  { path: '/connections', label: '数采连接', short: '连接', permission: 'station:read', icon: 'M9 7V3m6 4V3M7 7h10v4a5 5 0 0 1-10 0zM12 16v5' },
  { path: '/unknown', label: '待接入站点', short: '待接入', permission: 'station:read', icon: 'M12 4v8m0 0-3-3m3 3 3-3M4 14v5h16v-5' },
  { path: '/inspect', label: '报文检查', short: '报文', permission: 'station:read', icon: 'M4 5h11M4 10h7M4 15h5M15 11a4 4 0 1 0 .01 0M18 18l3 3' },
  { path: '/relays', label: '数据转发', short: '转发', permission: 'station:read', icon: 'M4 12h12m0 0-4-4m4 4-4 4M20 5v14' },
  { path: '/agencies', label: '机构', short: '机构', permission: 'agency:read', icon: 'M12 3v5M5 21v-5h14v5M12 8v8M3 21h4m10 0h4m-11 0h4' },
  { path: '/officers', label: '人员', short: '人员', permission: 'officer:read', icon: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21c0-4 3-6 7-6s7 2 7 6M16 4a4 4 0 0 1 0 7M18 15c3 1 4 3 4 6' },
  { path: '/accounts', label: '账号与授权', short: '账号', permission: 'account:read', icon: 'M8 15a4 4 0 1 1 3.5-6H21v3h-2v3h-3v-3h-4.5A4 4 0 0 1 8 15' },
  { path: '/permissions', label: '权限矩阵', short: '权限', permission: 'role:read', icon: 'M4 4h16v16H4zM4 10h16M4 15h16M10 4v16M15 4v16' },
  { path: '/trace', label: '何人可见', short: '可见', permission: 'trace:read', icon: 'M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6' },
  { path: '/evidence', label: '存证日志', short: '存证', permission: 'station:read', icon: 'M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zM9 12l2 2 4-4' },
]
