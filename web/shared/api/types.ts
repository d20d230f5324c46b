/** Shapes of the HTTP interface, in the form that tools/gen-types.mjs writes from openapi.json. */

export interface User { username: string; name: string; role: string; permissions: string[]; must_change?: boolean }
export interface Session { user: User; csrf: string; expires: string }

export interface Page<T> { items: T[]; total: number; next: string | null }

export type StationState = 'online' | 'late' | 'offline' | 'abnormal' | 'never'
export type SeriesKind = 'rtd' | 'minute' | 'hour' | 'day'

export interface Traffic {
  frames: number; bad: number; junk: number; acknowledged: number; repeated: number; values: number
  bytes: number; connections: number; frames_per_s: number
}
export interface Evidence {
  records: number; durable: number; root: string; checkpoints: number; last_checkpoint_at: string | null; health: string
}
export interface Overview {
  as_of: string
  demo: boolean
  stations: { total: number; online: number; late: number; offline: number; abnormal: number; never?: number; unknown_mn: number }
  traffic: Traffic
  evidence: Evidence
  media: { medium: string; total: number; online: number }[]
}

export interface Latest {
  factor: string; name: string; field: string; unit: string | null; value: string; flag: string | null
  flag_name: string | null; time: string; limit: string | null; exceeds: boolean; seq: number
}
export interface Station {
  mn: string
  name: string
  enterprise: { id: number | string; name: string }
  outlet: { id: number | string; code: string; name: string; medium: string }
  region: { code: string; name: string }
  state: StationState
  state_since: string | null
  last_received: string | null
  last_data_time: string | null
  clock_offset_s: number | null
  edition: string | null
  dialect: string | null
  connected: boolean
  peer: string | null
  latest: Latest[]
}
export interface Factor {
  code: string; name: string; unit: string | null; decimals: number; limit: string | null; limit_basis: string | null
  kinds: SeriesKind[]
}
export interface Profile {
  edition: string; password_set: boolean; accept_bad_crc: boolean; clock_policy: 'accept' | 'flag'; dialect: string
  answer_policy: 'standard' | 'always' | 'never'; sm4_key_set: boolean; time_offset_minutes: number
}
export interface ProfilePatch {
  edition?: string; password?: string; accept_bad_crc?: boolean; clock_policy?: string; dialect?: string
  answer_policy?: string; sm4_key?: string; interval_minutes?: number
}
export interface StationDetail extends Station {
  factors: Factor[]
  profile: Profile
  counts: { frames: number; bad: number; repeated: number; values: number }
  issues?: Issue[]
  interval_minutes: number
}
/** What kept frames of a station from giving values, and how often. */
export interface Issue { word: string; text: string; count: number }

export interface Point { time: string; value: string; flag: string | null; seq: number; versions: number }
export interface Bucket { from: string; count: number; min: Point; max: Point; first: Point; last: Point }
export interface Recomputed {
  from: string; avg: string | null; min: string | null; max: string | null; valid: number; total: number
  flag: string | null; source: string | null
}
export interface Series {
  mn: string; factor: Factor; kind: SeriesKind; field: string; from: string; to: string; bucketed: boolean
  points?: Point[]; buckets?: Bucket[]; recomputed: Recomputed[]
}
export interface Version { value: string; flag: string | null; seq: number; received: string }

export type FrameKind = 'frame' | 'bad' | 'junk' | 'sent' | 'note'
export interface FrameRow {
  seq: number; received: string; kind: FrameKind; cn: string | null; cn_name: string | null; data_time: string | null
  size: number; cause: string | null; cause_text: string | null
}
export interface Decoded {
  status?: string; declared_len?: number | null; actual_len?: number | null; length_ok?: boolean | null
  crc_given?: string | null; crc_calc?: string | null; crc_ok?: boolean | null
  header?: Record<string, string>; flag?: { raw: number; version: string; split: boolean; ack: boolean } | null
  version?: string; cp?: string; encoding?: string; items?: [number, string, string | null][]
  warnings?: string[]; cause?: string | null
}
export interface ExplainedItem {
  group: number; key: string; value: string | null; factor_name: string | null; field_name: string | null; unit: string | null
}
export interface Explained {
  command: { cn: string; name: string | null } | null
  system_type: { st: string; name: string | null } | null
  items: ExplainedItem[]
  cause_text: string | null
  warnings: { word: string; text: string }[]
}
export interface Frame {
  seq: number; received: string; kind: FrameKind; mn: string; peer: string; leaf: string; raw: string
  decoded: Decoded | null; explained: Explained | null
}
export interface Checkpoint { number: number; size: number; root: string; at: string }
export interface SignedCheckpoint extends Checkpoint {
  text: string; signature: string; public_key: string; signature_ok: boolean
}
export interface Proof {
  seq: number; leaf: string; tree_size: number; path: string[]; root: string; verified: boolean
  checkpoint: SignedCheckpoint | null
}
export interface EvidenceLog {
  records: number; durable: number; root: string; health: string; checkpoint_count?: number; checkpoints: Checkpoint[]
}
export interface UnknownStation {
  mn: string; first_seen: string; last_seen: string; frames: number; peer: string | null; edition: string | null
  st: string | null; last_seq: number | null; last_cn: string | null
}
export interface Admission {
  name: string; enterprise_name: string; outlet_code: string; outlet_name: string; medium: string; region_code: string
}
export interface Region { code: string; name: string }
export interface Health { status: string; demo?: boolean }

/** Events of GET /api/v1/events. */
export interface TrafficEvent {
  frames: number; bad: number; junk: number; acknowledged?: number; repeated: number; values: number
  connections: number; frames_per_s: number; durable: number
}
export interface ValueEvent {
  mn: string; kind: SeriesKind; time: string; seq: number; received: string
  cells: { factor: string; field: string; value: string; flag: string | null }[]
}
export interface StationEvent { mn: string; state: StationState; state_since: string | null; connected: boolean; last_received: string | null }
export interface UnknownEvent { mn: string }
