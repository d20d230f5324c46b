/** Missing is a gap in the line, never a joined line. */

export type Xy = [number, number | null]

export interface Band { from: number; to: number; flag: string }

/** Stretches of one abnormal flag; a value stands for the step that begins with it. */
export function flagBands(points: readonly { t: number; flag: string }[], step: number, isNormal: (flag: string) => boolean): Band[] {
  const bands: Band[] = []
  for (const { t, flag } of points) {
    if (isNormal(flag)) continue
    const last = bands.at(-1)
    if (last && last.flag === flag && t <= last.to + step / 2) last.to = t + step
    else bands.push({ from: t, to: t + step, flag })
  }
  return bands
}

/** The usual distance between neighbours: the median, so that a few gaps do not stretch it. */
export function usualStep(points: readonly Xy[]): number {
  const steps: number[] = []
  for (let i = 1; i < points.length; i++) {
    const step = points[i]![0] - points[i - 1]![0]
    if (step > 0) steps.push(step)
  }
  steps.sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 0
}

/** Puts an empty point into every hole wider than `factor` usual steps. */
export function withGaps(points: readonly Xy[], step = usualStep(points), factor = 2.5): Xy[] {
  const out: Xy[] = []
  points.forEach((p, i) => {
    const before = points[i - 1]
    if (before && step > 0 && p[0] - before[0] > factor * step) out.push([before[0] + step, null])
    out.push(p)
  })
  return out
}
