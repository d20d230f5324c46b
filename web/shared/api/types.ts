/**
 * The shapes pages work with: those of the generated schema, narrower where the description says only "string", and the
 * events of the stream, which the description does not list.
 */
import type * as S from './schema.ts'

export type {
  Admission, Checkpoint, ComposedFrame, ConnectedStation, Connection, ConnectionList, Fault, Faults, FrameExplained, FrameFields, FrameItem, ComposeItem,
  Evidence as EvidenceLog, EvidenceBox, EvidenceGrowth, Factor, Health, Latest, Region, SeriesAggregate as Recomputed,
  SeriesBucket as Bucket, SeriesValue as Point, SeriesVersion as Version, Session, SignedCheckpoint, SignedInUser as User, Station,
  Device, DeviceList, DevicesEnded, MachineToken, MachineTokenDraft, MachineTokenList, MachineTokenMade, Portal, RecoveryCodes, SecondFactor, SecondFactorOffer,
  NewRelay, Relay, RelayAside, RelayName, RelayPage, RelayPatch, StationIssue as Issue, UnknownStation, Proof, DeviceProfile as Profile, DeviceProfilePatch as ProfilePatch, StationPage as StationDetail,
} from './schema.ts'

export type {
  Account, AccountAnswer, Agency, AgencyPage, AgencyTree, Grant, GrantItem, NewGrant, NewOfficer, Officer, OfficerChange, OfficerPage, OfficerSpan,
  PermissionMatrix, ReachList, Staffing, StaffingRate, StationTrace,
} from './schema.ts'

/** `total` is missing where nobody counts: in lists that go back through the log. */
export interface Page<T> { items: T[]; total?: number; next: string | null }

export type StationState = S.Station['state']
export type SeriesKind = 'rtd' | 'minute' | 'hour' | 'day'
export type FrameKind = 'frame' | 'bad' | 'junk' | 'sent' | 'note'
export type Series = S.Series & { kind: SeriesKind }
export type FrameRow = Omit<S.FrameRow, 'kind'> & { kind: FrameKind }

/** The decoded frame, keys as `yuheng decode` prints them. */
export interface Decoded {
  status: string
  declared_len: number | null
  actual_len: number | null
  length_ok: boolean | null
  crc_given: string | null
  crc_calc: string | null
  crc_ok: boolean | null
  header: Record<string, string>
  version: string
  cp?: string | null
  encoding?: string | null
  encrypted?: string
  decrypted?: boolean
  items: [number, string, string | null][]
}
export type Frame = Omit<S.Frame, 'kind' | 'decoded'> & { kind: FrameKind; decoded: Decoded | null }
export type InspectedFrame = Omit<S.InspectedFrame, 'decoded'> & { decoded: Decoded | null }
export type Inspection = Omit<S.Inspection, 'events'> & { events: InspectedFrame[] }

export type Traffic = Omit<S.Traffic, 'frames_per_s'> & { frames_per_s: number }
export type Overview = Omit<S.Overview, 'traffic'> & { traffic: Traffic }
export type TrafficEvent = Traffic
export interface ValueEvent {
  mn: string
  kind: SeriesKind
  time: string
  seq: number
  received: string
  cells: { factor: string; field: string; value: string; flag: string }[]
}
export interface StationEvent {
  mn: string
  state: StationState
  state_since: string | null
  connected: boolean
  last_received: string | null
}
export interface UnknownEvent { mn: string }
