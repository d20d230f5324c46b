/** A browser's User-Agent in a few words; what is not known stands as it is. */

const BROWSERS: [RegExp, string][] = [
  [/\bEdg\//, 'Edge'], [/\bMicroMessenger\//, '微信'], [/\bFirefox\//, 'Firefox'], [/\b(?:Headless)?Chrome\//, 'Chrome'], [/\bSafari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'], [/\b(?:iPhone|iPad)\b/, 'iOS'], [/\bHarmonyOS\b/i, '鸿蒙'], [/\bWindows\b/, 'Windows'], [/\bMac OS X\b/, 'macOS'], [/\bLinux\b/, 'Linux'],
]
const first = (rows: [RegExp, string][], text: string): string => rows.find(([known]) => known.test(text))?.[1] ?? ''

export function browserWord(agent: string): string {
  const words = [first(BROWSERS, agent), first(SYSTEMS, agent)].filter(Boolean)
  return words.length ? words.join(' · ') : agent || '未知程序'
}
