/** A list that is paged by cursor: the way back is the stack of cursors seen. */
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { Problem } from '../api/client.ts'
import type { Page } from '../api/types.ts'

export interface CursorList<T> {
  rows: ShallowRef<T[]>
  total: Ref<number>
  /** False: there are more than `total`. */
  exact: Ref<boolean>
  loading: Ref<boolean>
  problem: Ref<string>
  limit: Ref<number>
  page: ComputedRef<number>
  hasNext: ComputedRef<boolean>
  reload: () => Promise<void>
  first: () => Promise<void>
  next: () => Promise<void>
  back: () => Promise<void>
}

export function useCursorList<T>(load: (limit: number, cursor: string | null) => Promise<Page<T>>, size = 50): CursorList<T> {
  const rows = shallowRef<T[]>([])
  const total = ref(0)
  const exact = ref(true)
  const loading = ref(false)
  const problem = ref('')
  const limit = ref(size)
  const cursors = ref<(string | null)[]>([null])
  const following = ref<string | null>(null)
  let turn = 0

  async function reload(): Promise<void> {
    const mine = ++turn
    loading.value = true
    try {
      const answer = await load(limit.value, cursors.value.at(-1) ?? null)
      if (mine !== turn) return
      rows.value = answer.items
      total.value = answer.total ?? 0
      exact.value = answer.total_exact ?? true
      following.value = answer.next
      problem.value = ''
    } catch (e) {
      if (mine === turn) problem.value = e instanceof Problem ? e.message : '列表没有取到。请重试。'
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  const first = (): Promise<void> => {
    cursors.value = [null]
    return reload()
  }
  const next = (): Promise<void> => {
    if (following.value) cursors.value = [...cursors.value, following.value]
    return reload()
  }
  const back = (): Promise<void> => {
    if (cursors.value.length > 1) cursors.value = cursors.value.slice(0, -1)
    return reload()
  }
  return {
    rows, total, exact, loading, problem, limit, reload, first, next, back,
    page: computed(() => cursors.value.length),
    hasNext: computed(() => following.value !== null),
  }
}
