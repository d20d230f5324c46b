/**
 * One event stream for any number of tabs. Six streams per origin are all a browser has on HTTP/1.1, so the tabs share
 * one: the hub lives in a SharedWorker, or in the tab itself where there is none.
 *
 * The stream is closed when every tab has been hidden for a while and opened again with the first visible one. While it
 * is open the browser reconnects by itself and sends Last-Event-ID.
 */

export const EVENT_NAMES = ['traffic', 'value', 'station', 'unknown', 'progress', 'reset'] as const
export type EventName = (typeof EVENT_NAMES)[number]
export type LiveState = 'connecting' | 'open' | 'paused' | 'closed'

export interface LiveEvent { name: EventName; data: unknown }
export type ToTab = { type: 'state'; state: LiveState } | { type: 'events'; list: LiveEvent[] }
export type ToHub = { type: 'join' } | { type: 'leave' } | { type: 'visible'; visible: boolean }

export interface Source {
  readyState: number
  onopen: (() => void) | null
  onerror: (() => void) | null
  addEventListener(name: string, fn: (e: { data: string }) => void): void
  close(): void
}
export interface Timers {
  set(fn: () => void, ms: number): unknown
  clear(handle: unknown): void
}
export interface HubConfig {
  open: () => Source
  timers: Timers
  hiddenMs: number
  batchMs: number
  retryMs: number
}

export type Tab = (message: ToTab) => void

const CLOSED = 2

export class Hub {
  private readonly config: HubConfig
  private readonly tabs = new Map<Tab, boolean>()
  private source: Source | null = null
  private state: LiveState = 'paused'
  private pending: LiveEvent[] = []
  private flushing: unknown = null
  private hiding: unknown = null
  private retrying: unknown = null

  constructor(config: HubConfig) {
    this.config = config
  }

  receive(tab: Tab, message: ToHub): void {
    if (message.type === 'leave') this.tabs.delete(tab)
    else if (message.type === 'join') {
      this.tabs.set(tab, true)
      tab({ type: 'state', state: this.state })
    } else if (this.tabs.has(tab)) this.tabs.set(tab, message.visible)
    this.arrange()
  }

  private arrange(): void {
    if (this.tabs.size === 0) return this.stop('paused')
    if ([...this.tabs.values()].some((visible) => visible)) {
      this.config.timers.clear(this.hiding)
      this.hiding = null
      if (!this.source && this.retrying === null) this.start()
    } else if (this.source && this.hiding === null) {
      this.hiding = this.config.timers.set(() => this.stop('paused'), this.config.hiddenMs)
    }
  }

  private start(): void {
    const source = this.config.open()
    this.source = source
    this.setState('connecting')
    source.onopen = () => this.setState('open')
    source.onerror = () => (source.readyState === CLOSED ? this.refused() : this.setState('connecting'))
    for (const name of EVENT_NAMES) source.addEventListener(name, (e) => this.collect(name, e.data))
  }

  /** The server answered with an error: the browser will not try again, we do, later. */
  private refused(): void {
    this.stop('closed')
    this.retrying = this.config.timers.set(() => {
      this.retrying = null
      this.arrange()
    }, this.config.retryMs)
  }

  private stop(state: LiveState): void {
    const { timers } = this.config
    for (const handle of [this.hiding, this.retrying]) timers.clear(handle)
    this.hiding = this.retrying = null
    this.source?.close()
    this.source = null
    this.setState(state)
  }

  private setState(state: LiveState): void {
    if (state === this.state) return
    this.flush()
    this.state = state
    this.tell({ type: 'state', state })
  }

  private collect(name: EventName, text: string): void {
    let data: unknown
    try {
      data = JSON.parse(text)
    } catch {
      return
    }
    this.pending.push({ name, data })
    this.flushing ??= this.config.timers.set(() => this.flush(), this.config.batchMs)
  }

  private flush(): void {
    this.config.timers.clear(this.flushing)
    this.flushing = null
    if (this.pending.length === 0) return
    const list = this.pending
    this.pending = []
    this.tell({ type: 'events', list })
  }

  private tell(message: ToTab): void {
    for (const tab of this.tabs.keys()) tab(message)
  }
}

export function browserHub(url: string): Hub {
  return new Hub({
    open: () => new EventSource(url) as unknown as Source,
    timers: { set: (fn, ms) => setTimeout(fn, ms), clear: (h) => clearTimeout(h as number) },
    hiddenMs: 120_000,
    batchMs: 40,
    retryMs: 5_000,
  })
}
