/** Words of the organisation and its accounts, and the small sums behind the pages. Pure. */
import type { Agency, OfficerSpan, StaffingRate } from '../api/types.ts'
import { isoBeijing } from './format.ts'

export const AGENCY_KINDS: Record<string, string> = { bureau: '生态环境局', corps: '总队', team: '支队', special: '功能区机构' }
export const POSTS: Record<string, string> = { administrative: '行政', institution: '事业', worker: '工勤', none: '不在编' }
export const STATUSES: Record<string, { word: string; tone: 'ok' | 'warn' | 'off' }> = {
  on_post: { word: '在岗', tone: 'ok' }, mixed: { word: '混岗', tone: 'warn' }, loan: { word: '借调', tone: 'warn' }, leave: { word: '离岗', tone: 'off' },
}
export const SCOPES: Record<string, string> = {
  none: '不涉及数据', self: '本人（本企业）', department: '本部门', agency: '本机构', agency_below: '本机构及下级', region: '指定区县', list: '指定名单', all: '全部',
}
export const ITEM_KINDS: Record<string, string> = {
  region: '区县', agency: '机构', department: '部门', officer: '人员', enterprise: '企业', station: '站点', all: '全部数据', right: '操作权限',
}

/** Today in Beijing: 2026-11-25. */
export const today = (now = Date.now()): string => isoBeijing(now).slice(0, 10)

/** "83.9 %（5/6）"; without a denominator there is no rate. */
export const rateText = (r: StaffingRate): string => (r.percent === null ? '—' : `${r.percent} %（${r.numerator}/${r.denominator}）`)

/** "2020-01-01 至 2024-01-01（不含）" */
export function spanText(from: string | null, to: string | null): string {
  if (!from && !to) return '一直'
  return `${from ?? '有记录以来'} ${to ? `至 ${to}（不含）` : '起'}`
}

export interface TreeRow extends Agency { depth: number }

/** Parents before children, with their depth. What stands under somebody outside the list comes at the top. */
export function treeRows(items: Agency[]): TreeRow[] {
  const known = new Set(items.map((a) => a.id))
  const below = new Map<number, Agency[]>()
  for (const a of items) {
    const parent = a.parent_id !== null && known.has(a.parent_id) ? a.parent_id : 0
    below.set(parent, [...(below.get(parent) ?? []), a])
  }
  const rows: TreeRow[] = []
  const visit = (parent: number, depth: number): void => {
    for (const a of below.get(parent) ?? []) {
      rows.push({ ...a, depth })
      visit(a.id, depth + 1)
    }
  }
  visit(0, 0)
  return rows
}

/** Where somebody's post is and where the work is done. */
export function placeText(s: Pick<OfficerSpan, 'agency_id' | 'agency_name' | 'work_agency_id' | 'work_agency_name' | 'work_department_name'>): string {
  const department = s.work_department_name ? ` · ${s.work_department_name}` : ''
  return s.agency_id === s.work_agency_id ? `${s.agency_name}${department}` : `${s.agency_name} → ${s.work_agency_name}${department}`
}
