import { defineStore } from 'pinia'
import { ref } from 'vue'
import { calls } from '@shared/api/calls.ts'
import { api, Problem } from '@shared/api/client.ts'
import type { Session, User } from '@shared/api/types.ts'

/** Says that a session may exist, so that a first visit does not ask for one and be refused. */
const HINT = 'yuheng-signed-in'

export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null)
  const demo = ref(false)
  const onExpired = ref<() => void>(() => {})
  let restored: Promise<void> | null = null

  function accept(s: Session | null): void {
    user.value = s?.user ?? null
    api.setCsrf(s?.csrf ?? '')
    if (s) localStorage.setItem(HINT, '1')
    else localStorage.removeItem(HINT)
  }

  async function restore(): Promise<void> {
    const asked = localStorage.getItem(HINT) ? calls.session() : Promise.resolve(null)
    const [session, health] = await Promise.allSettled([asked, calls.health()])
    if (session.status === 'fulfilled') accept(session.value)
    demo.value = health.status === 'fulfilled' && health.value.demo === true
  }
  /** The session of the cookie is asked for once, before the first page. */
  const ready = (): Promise<void> => (restored ??= restore())

  async function signIn(username: string, password: string, code = ''): Promise<void> {
    accept(await calls.signIn(username, password, code))
  }
  /** Back from the portal: the cookie is there, the page does not know it yet. */
  async function adopt(): Promise<void> {
    accept(await calls.session())
  }
  async function signOut(): Promise<void> {
    try {
      await calls.signOut()
    } finally {
      accept(null)
    }
  }
  async function changePassword(current: string, password: string): Promise<void> {
    const username = user.value?.username ?? ''
    await calls.changePassword(current, password)
    try {
      await signIn(username, password) // every session ends with the old password
    } catch (e) {
      if (!(e instanceof Problem) || e.code !== 'code_wanted') throw e
      accept(null)
      onExpired.value() // with a second factor the person signs in again
    }
  }
  const can = (permission: string): boolean => user.value?.permissions.includes(permission) ?? false

  api.onSignedOut = () => {
    if (!user.value) return
    accept(null)
    onExpired.value()
  }
  return { user, demo, onExpired, ready, signIn, adopt, signOut, changePassword, can }
})
