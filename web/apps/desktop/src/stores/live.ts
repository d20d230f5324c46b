/** The event stream as the pages see it: state, last counters, and subscriptions by event. */
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { calls } from '@shared/api/calls.ts'
import type { ProgressEvent, StationEvent, TrafficEvent, UnknownEvent, ValueEvent } from '@shared/api/types.ts'
import type { EventName, LiveEvent, LiveState } from '@shared/live/hub.ts'
import { openStream, type Stream } from '@shared/live/stream.ts'

interface Payloads {
  traffic: TrafficEvent
  value: ValueEvent
  station: StationEvent
  unknown: UnknownEvent
  progress: ProgressEvent
  reset: unknown
}
type Listener = (data: unknown) => void

const TREND = 120
const SESSION_CHECK_MS = 5_000

export const useLive = defineStore('live', () => {
  const state = ref<LiveState>('paused')
  const traffic = shallowRef<TrafficEvent | null>(null)
  const trend = shallowRef<number[]>([])
  /** Grows when events may have been missed: pages load again. */
  const missed = ref(0)

  const listeners = new Map<EventName, Set<Listener>>()
  let stream: Stream | null = null
  let wasOpen = false
  let checked = 0

  function on<K extends EventName>(name: K, fn: (data: Payloads[K]) => void): () => void {
    const set = listeners.get(name) ?? new Set()
    listeners.set(name, set)
    set.add(fn as Listener)
    return () => set.delete(fn as Listener)
  }

  function counted(t: TrafficEvent): void {
    traffic.value = t
    trend.value = [...trend.value, t.frames_per_s].slice(-TREND)
  }

  function changed(next: LiveState): void {
    state.value = next
    if (next === 'open' && wasOpen) missed.value++
    if (next === 'open') wasOpen = true
    if (next === 'closed' && Date.now() - checked > SESSION_CHECK_MS) {
      checked = Date.now()
      calls.session().catch(() => {}) // an ended session is handled by the client
    }
  }

  function received(list: LiveEvent[]): void {
    for (const { name, data } of list) {
      if (name === 'traffic') counted(data as TrafficEvent)
      if (name === 'reset') missed.value++
      for (const fn of listeners.get(name) ?? []) fn(data)
    }
  }

  function start(): void {
    stream ??= openStream(changed, received)
  }
  function stop(): void {
    stream?.close()
    stream = null
    wasOpen = false
    state.value = 'paused'
    traffic.value = null
    trend.value = []
  }
  return { state, traffic, trend, missed, on, start, stop }
})
