import { defineStore } from 'pinia'
import { ref } from 'vue'

const KEY = 'yuheng-theme'

export const useTheme = defineStore('theme', () => {
  const dark = ref(false)

  function apply(value: boolean): void {
    dark.value = value
    document.documentElement.classList.toggle('dark', value)
  }
  function start(): void {
    const kept = localStorage.getItem(KEY)
    apply(kept ? kept === 'dark' : window.matchMedia('(prefers-color-scheme: dark)').matches)
  }
  function toggle(): void {
    apply(!dark.value)
    localStorage.setItem(KEY, dark.value ? 'dark' : 'light')
  }
  return { dark, start, toggle }
})
