import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import '@shared/ui/tokens.css'
import '@shared/ui/base.css'
import '@shared/ui/element.css'
import '@shared/ui/print.css'
import App from './App.vue'
import { makeRouter } from './router.ts'
import { useTheme } from './stores/theme.ts'

const app = createApp(App)
app.use(createPinia())
useTheme().start()
app.use(makeRouter())
app.mount('#app')
