/** A tab's end of the event stream. */
import { browserHub, type LiveEvent, type LiveState, type ToHub, type ToTab } from './hub.ts'

export interface Stream { close(): void }

function connect(receive: (message: ToTab) => void): (message: ToHub) => void {
  if (typeof SharedWorker === 'undefined') {
    const hub = browserHub('/api/v1/events')
    return (message) => hub.receive(receive, message)
  }
  const worker = new SharedWorker(new URL('./stream-worker.ts', import.meta.url), { type: 'module', name: 'yuheng-live' })
  worker.port.onmessage = (e: MessageEvent<ToTab>) => receive(e.data)
  return (message) => worker.port.postMessage(message)
}

export function openStream(onState: (s: LiveState) => void, onEvents: (list: LiveEvent[]) => void): Stream {
  const send = connect((m) => (m.type === 'state' ? onState(m.state) : onEvents(m.list)))
  const seen = (): void => send({ type: 'visible', visible: document.visibilityState === 'visible' })
  const leave = (): void => send({ type: 'leave' })
  const join = (): void => {
    send({ type: 'join' })
    seen()
  }
  const returned = (e: PageTransitionEvent): void => {
    if (e.persisted) join()
  }
  document.addEventListener('visibilitychange', seen)
  window.addEventListener('pagehide', leave)
  window.addEventListener('pageshow', returned)
  join()
  return {
    close() {
      document.removeEventListener('visibilitychange', seen)
      window.removeEventListener('pagehide', leave)
      window.removeEventListener('pageshow', returned)
      leave()
    },
  }
}
