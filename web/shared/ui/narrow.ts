import { onBeforeUnmount, ref, type Ref } from 'vue'

/** True on the width of a phone; the same border as in the style sheets. */
export function useNarrow(): Ref<boolean> {
  const query = window.matchMedia('screen and (max-width: 767px)')
  const narrow = ref(query.matches)
  const changed = (): void => {
    narrow.value = query.matches
  }
  query.addEventListener('change', changed)
  onBeforeUnmount(() => query.removeEventListener('change', changed))
  return narrow
}
