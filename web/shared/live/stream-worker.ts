/** Runs once per browser: the hub behind a SharedWorker. */
import { browserHub, type ToHub, type ToTab } from './hub.ts'

interface Port { onmessage: ((e: { data: ToHub }) => void) | null; postMessage(message: ToTab): void }

const hub = browserHub('/api/v1/events')

;(self as unknown as { onconnect: (e: { ports: Port[] }) => void }).onconnect = (e) => {
  const port = e.ports[0]
  if (!port) return
  const tab = (message: ToTab): void => port.postMessage(message)
  port.onmessage = (m) => hub.receive(tab, m.data)
}
