import { createRouter, createWebHistory, type RouteRecordRaw, type Router } from 'vue-router'
import { MENU } from './menu.ts'
import { useSession } from './stores/session.ts'

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignIn.vue'), meta: { title: '登录', open: true } },
  {
    path: '/',
    component: () => import('./layouts/Shell.vue'),
    children: [
      { path: '', redirect: '/overview' },
      { path: 'overview', component: () => import('./pages/Overview.vue'), meta: { title: '监测总览', permission: 'station:read' } },
      {
        path: 'stations/:mn', component: () => import('./pages/Station.vue'), props: true,
        meta: { title: '站点', permission: 'station:read', parent: '/overview' },
      },
      { path: 'connections', component: () => import('./pages/Connections.vue'), meta: { title: '数采连接', permission: 'station:read' } },
      { path: 'unknown', component: () => import('./pages/Unknown.vue'), meta: { title: '待接入站点', permission: 'station:read' } },
      { path: 'inspect', component: () => import('./pages/Inspect.vue'), meta: { title: '报文检查', permission: 'station:read' } },
      { path: 'relays', component: () => import('./pages/Relays.vue'), meta: { title: '数据转发', permission: 'station:read' } },
      { path: 'evidence', component: () => import('./pages/Evidence.vue'), meta: { title: '存证日志', permission: 'station:read' } },
      { path: 'agencies', component: () => import('./pages/Agencies.vue'), meta: { title: '机构', permission: 'agency:read' } },
      { path: 'officers', component: () => import('./pages/Officers.vue'), meta: { title: '人员', permission: 'officer:read' } },
      { path: 'accounts', component: () => import('./pages/Accounts.vue'), meta: { title: '账号与授权', permission: 'account:read' } },
      { path: 'permissions', component: () => import('./pages/Permissions.vue'), meta: { title: '权限矩阵', permission: 'role:read' } },
      { path: 'trace', component: () => import('./pages/Trace.vue'), meta: { title: '何人可见', permission: 'trace:read' } },
      { path: 'account', component: () => import('./pages/Account.vue'), meta: { title: '账号安全' } },
      { path: ':rest(.*)*', component: () => import('./pages/Missing.vue'), meta: { title: '页面不存在' } },
    ],
  },
]

export function makeRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/d/'),
    routes,
    scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  })
  router.beforeEach(async (to) => {
    const session = useSession()
    await session.ready()
    if (to.meta.open) return session.user ? '/overview' : true
    if (!session.user) return { name: 'sign-in', query: to.fullPath === '/overview' ? {} : { return: to.fullPath } }
    if (to.path === '/overview' && !session.can('station:read')) return MENU.find((m) => session.can(m.permission))?.path ?? true // where everybody begins
    return true
  })
  router.afterEach((to) => {
    document.title = `${String(to.meta.title ?? '')} - 渝衡`
  })
  useSession().onExpired = () => {
    const here = router.currentRoute.value
    if (!here.meta.open) void router.replace({ name: 'sign-in', query: { return: here.fullPath, expired: '1' } })
  }
  return router
}
