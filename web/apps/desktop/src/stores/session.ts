import { defineStore } from 'pinia'
import { ref } from 'vue'
import { calls } from '@shared/api/calls.ts'
import { api } from '@shared/api/client.ts'
import type { Session, User } from '@shared/api/types.ts'

export const useSession = defineStore('session', () => {
  const user = ref<User | null>(null)
  const demo = ref(false)
  const onExpired = ref<() => void>(() => {})
  let restored: Promise<void> | null = null

  function accept(s: Session | null): void {
    user.value = s?.user ?? null
    api.setCsrf(s?.csrf ?? '')
  }

  async function restore(): Promise<void> {
    const [session, health] = await Promise.allSettled([calls.session(), calls.health()])
    accept(session.status === 'fulfilled' ? session.value : null)
    demo.value = health.status === 'fulfilled' && health.value.demo === true
  }
  /** The session of the cookie is asked for once, before the first page. */
  const ready = (): Promise<void> => (restored ??= restore())

  async function signIn(username: string, password: string): Promise<void> {
    accept(await calls.signIn(username, password))
  }
  async function signOut(): Promise<void> {
    try {
      await calls.signOut()
    } finally {
      accept(null)
    }
  }
  const can = (permission: string): boolean => user.value?.permissions.includes(permission) ?? false

  api.onSignedOut = () => {
    if (!user.value) return
    accept(null)
    onExpired.value()
  }
  return { user, demo, onExpired, ready, signIn, signOut, can }
})
