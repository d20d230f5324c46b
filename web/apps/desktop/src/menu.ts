/** The pages of the menu, each with the permission that shows it. The server checks again. */

export interface MenuEntry { path: string; label: string; short: string; permission: string; icon: string }

export const MENU: MenuEntry[] = [
  { path: '/overview', label: '监测总览', short: '总览', permission: 'station:read', icon: 'M3 12h4l3-8 4 16 3-8h4' },
  { path: '/connections', label: '数采连接', short: '连接', permission: 'station:read', icon: 'M9 7V3m6 4V3M7 7h10v4a5 5 0 0 1-10 0zM12 16v5' },
  { path: '/unknown', label: '待接入站点', short: '待接入', permission: 'station:read', icon: 'M12 4v8m0 0-3-3m3 3 3-3M4 14v5h16v-5' },
  { path: '/registry', label: '站点台账', short: '台账', permission: 'station:read', icon: 'M4 5h16v14H4zM4 10h16M9 5v14' },
  { path: '/inspect', label: '报文检查', short: '报文', permission: 'station:read', icon: 'M4 5h11M4 10h7M4 15h5M15 11a4 4 0 1 0 .01 0M18 18l3 3' },
  { path: '/relays', label: '数据转发', short: '转发', permission: 'station:read', icon: 'M4 12h12m0 0-4-4m4 4-4 4M20 5v14' },
  { path: '/evidence', label: '存证日志', short: '存证', permission: 'station:read', icon: 'M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zM9 12l2 2 4-4' },
]
