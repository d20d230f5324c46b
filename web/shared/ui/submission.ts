/** Sending a form: busy meanwhile, a refusal at its fields and above them, one idempotency key until the server has refused. */
import { ref, type Ref } from 'vue'
import { newKey, Problem } from '../api/client.ts'

export interface Submission<E> {
  busy: Ref<boolean>
  problem: Ref<string>
  errors: Ref<E>
  reset: () => void
  /** What the form holds is left alone when it is refused. */
  send: (work: (key: string) => Promise<void>) => Promise<void>
}

export function useSubmission<E extends object = Record<string, string>>(failed = '没有保存成功。请重试，已填内容会保留。'): Submission<E> {
  const busy = ref(false)
  const problem = ref('')
  const errors = ref({}) as Ref<E>
  let key = newKey()

  function reset(): void {
    errors.value = {} as E
    problem.value = ''
    key = newKey()
  }
  async function send(work: (key: string) => Promise<void>): Promise<void> {
    busy.value = true
    problem.value = ''
    try {
      await work(key)
    } catch (e) {
      key = newKey()
      errors.value = (e instanceof Problem ? e.fields : {}) as E
      problem.value = e instanceof Problem ? e.message : failed
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, errors, reset, send }
}
