/** What a time chart shows, as the option object of the chart library. Times are drawn as Beijing time. */
import { limitRange, toNumber } from '../lib/decimal.ts'
import { BEIJING_MS, fullTime, isoBeijing } from '../lib/format.ts'
import { withGaps, type Xy } from './gaps.ts'

export interface ChartLine {
  name: string
  /** Custom property of the colour, e.g. "--series-1". */
  colour: string
  points: Xy[]
  /** Texts as reported, in the order of points; the tooltip shows these, not the drawn number. */
  texts?: (string | null)[]
  dashed?: boolean
  hollow?: boolean
  step?: number
  /** Marks without a line. */
  marks?: boolean
}
export interface ChartSpec {
  lines: ChartLine[]
  unit: string
  limit?: string | null
  limitBasis?: string | null
  from?: number
  to?: number
  zoom?: boolean
  /** Marked periods. */
  bands?: { from: number; to: number; label: string }[]
  title: string
}

type Colour = (token: string) => string
/** What fills a marked period; the page draws it, so that this file needs no document. */
export type Fill = string | { image: unknown; repeat: 'repeat' }

const shifted = (t: number): number => t + BEIJING_MS

function seriesOf(line: ChartLine, colour: Colour, limits: number[], spec: ChartSpec): object {
  const tone = colour(line.colour)
  const texts = new Map(line.points.map((p, i) => [p[0], line.texts?.[i] ?? null]))
  const data = withGaps(line.points, line.step).map(([t, v]) => ({ value: [shifted(t), v], text: texts.get(t) ?? null }))
  return {
    type: 'line', name: line.name, data, connectNulls: false, animation: false,
    showSymbol: line.marks || data.length <= 120, symbol: line.marks ? 'diamond' : line.hollow ? 'emptyCircle' : 'circle', symbolSize: line.marks ? 10 : 4,
    z: line.marks ? 4 : 2,
    lineStyle: line.marks ? { width: 0 } : { width: line.dashed ? 1.5 : 1.8, type: line.dashed ? [5, 4] : 'solid', color: tone },
    itemStyle: { color: tone },
    ...(limits.length ? { markLine: limitLines(limits, colour, spec) } : {}),
  }
}

function limitLines(limits: number[], colour: Colour, spec: ChartSpec): object {
  const tone = colour('--limit')
  return {
    symbol: 'none', silent: true, animation: false,
    lineStyle: { color: tone, type: 'dashed', width: 1.4 },
    label: { formatter: (p: { value: number }) => `限值 ${p.value}`, color: colour('--red-text'), fontSize: 12, position: 'end' },
    data: limits.map((y) => ({ yAxis: y, name: spec.limitBasis ?? '限值' })),
  }
}

function markedPeriods(spec: ChartSpec, colour: Colour, fill: Fill): object {
  return {
    silent: true, animation: false, itemStyle: { color: fill, opacity: 0.9 },
    label: { color: colour('--orange-text'), fontSize: 12, position: 'insideTop' },
    data: (spec.bands ?? []).map((b) => [{ xAxis: shifted(b.from), name: b.label }, { xAxis: shifted(b.to) }]),
  }
}

interface Hovered { seriesName: string; marker: string; data: { value: [number, number | null]; text: string | null } }

const escaped = (s: string): string => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

function tooltip(hovered: Hovered[], spec: ChartSpec): string {
  const first = hovered[0]
  if (!first) return ''
  const rows = hovered
    .filter((h) => h.data.value[1] !== null && h.data.text !== '')
    .map((h) => `${h.marker}${escaped(h.seriesName)} <b>${escaped(h.data.text ?? String(h.data.value[1]))}</b> ${escaped(spec.unit)}`)
  if (spec.limit) rows.push(`限值 ${escaped(spec.limit)} ${escaped(spec.unit)}${spec.limitBasis ? `（${escaped(spec.limitBasis)}）` : ''}`)
  return [fullTime(isoBeijing(first.data.value[0] - BEIJING_MS)), ...rows].join('<br>')
}

function limitsOf(spec: ChartSpec): number[] {
  const range = limitRange(spec.limit)
  if (!range) return []
  const [low, high] = (spec.limit ?? '').split(/[-~\uff5e–—]/)
  return (range.low ? [low, high] : [spec.limit]).map((x) => toNumber(x)).filter((x): x is number => x !== null)
}

/** 1, 2 or 5 times a power of ten: about five steps over the span. */
function tick(span: number): number {
  const raw = (span || 1) / 5
  const power = 10 ** Math.floor(Math.log10(raw))
  return power * ([1, 2, 5, 10].find((m) => m * power >= raw) ?? 10)
}
const exact = (x: number): number => Number(x.toPrecision(12))

/** The axis leaves room for the limit, but a limit far above the values must not flatten the curve. */
function yAxis(spec: ChartSpec, limits: number[], colour: Colour): object {
  const values = spec.lines.flatMap((l) => l.points.map((p) => p[1])).filter((v): v is number => v !== null)
  const top = Math.max(...values)
  const shown = [...values, ...limits.filter((l) => values.length === 0 || l <= top * 4)]
  const low = Math.min(...shown)
  const high = Math.max(...shown)
  const step = tick(high - low)
  const floor = Math.floor(low / step) * step
  return {
    type: 'value', name: spec.unit, nameTextStyle: { color: colour('--ink-2'), align: 'left', padding: [0, 0, 0, -28] },
    axisLabel: { color: colour('--ink-2') }, splitLine: { lineStyle: { color: colour('--line') } },
    ...(shown.length ? { min: exact(floor), max: exact((Math.floor(high / step) + 1) * step), interval: exact(step) } : {}),
  }
}

export function chartOption(spec: ChartSpec, colour: Colour, fill: Fill = 'transparent'): Record<string, unknown> {
  const limits = limitsOf(spec)
  const ink = colour('--ink-2')
  return {
    useUTC: true,
    animation: false,
    aria: { enabled: true, label: { description: spec.title }, decal: { show: true } },
    grid: { left: 12, right: limits.length ? 64 : 20, top: spec.lines.length > 1 ? 44 : 30, bottom: 8, containLabel: true },
    legend: { show: spec.lines.length > 1, top: 0, right: 8, itemWidth: 22, itemHeight: 8, textStyle: { color: ink } },
    tooltip: {
      trigger: 'axis', confine: true, transitionDuration: 0, backgroundColor: colour('--surface'), borderColor: colour('--line-strong'),
      textStyle: { color: colour('--ink'), fontSize: 13 }, formatter: (p: Hovered[]) => tooltip(p, spec),
      axisPointer: { lineStyle: { color: colour('--ink-3') } },
    },
    xAxis: {
      type: 'time', min: spec.from === undefined ? undefined : shifted(spec.from), max: spec.to === undefined ? undefined : shifted(spec.to),
      axisLabel: { color: ink, hideOverlap: true, formatter: { year: '{yyyy}', month: '{MM}-{dd}', day: '{MM}-{dd}', hour: '{HH}:{mm}', minute: '{HH}:{mm}', second: '{HH}:{mm}:{ss}' } },
      axisLine: { lineStyle: { color: colour('--line-strong') } }, splitLine: { show: false },
    },
    yAxis: yAxis(spec, limits, colour),
    dataZoom: spec.zoom ? [{ type: 'inside', filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true, preventDefaultMouseMove: false }] : [],
    series: spec.lines.map((line, i) => ({ ...seriesOf(line, colour, i === 0 ? limits : [], spec), ...(i === 0 ? { markArea: markedPeriods(spec, colour, fill) } : {}) })),
  }
}
