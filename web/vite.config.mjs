import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vite'

const here = (p) => fileURLToPath(new URL(p, import.meta.url))
const server = process.env.YUHENG_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: here('apps/desktop'),
  base: '/d/',
  plugins: [vue(), Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] })],
  resolve: { alias: { '@shared': here('shared') } },
  // The interface is served under a policy of 'self': nothing may be inlined as a data address.
  build: {
    outDir: here('dist/d'),
    emptyOutDir: true,
    target: ['chrome87', 'edge88', 'firefox85', 'safari14'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': server, '/healthz': server } },
})
