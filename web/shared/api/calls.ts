/** The calls of the interface by name; pages use these and never write a path. */
import { api, type CallOptions, type Query } from './client.ts'
import type {
  Account, AccountAnswer, AgencyPage, AgencyTree, Grant, NewGrant, NewOfficer, Officer, OfficerChange, OfficerPage, PermissionMatrix, ReachList, StationTrace,
  Admission, ComposedFrame, ConnectionList, DeviceList, DevicesEnded, EvidenceGrowth, EvidenceLog, Faults, Frame, FrameFields, FrameRow, Health, Inspection,
  MachineTokenDraft, MachineTokenList, MachineTokenMade, NewRelay, Overview,
  Page, Portal, Profile, ProfilePatch, Proof, RecoveryCodes, Region, Relay, RelayPage, RelayPatch, SecondFactor, SecondFactorOffer, Series, SeriesKind, Session, Station, StationDetail, UnknownStation, Version,
} from './types.ts'

const seg = encodeURIComponent
const PORTAL = '/api/v1/session/portal'
/** Pages of the portal, not calls: the browser goes there. */
export const portalStart = (back: string): string => `${PORTAL}/start?return=${seg(back)}`
export const portalLink = `${PORTAL}/link`
const FACTOR = '/api/v1/session/second-factor'
const DEVICES = '/api/v1/session/devices'
const TOKENS = '/api/v1/tokens'
const station = (mn: string) => `/api/v1/stations/${seg(mn)}`
const agency = (id: number) => `/api/v1/agencies/${id}`
const officer = (id: number) => `/api/v1/officers/${id}`
const account = (username: string) => `/api/v1/accounts/${seg(username)}`
const relay = (id: number) => `/api/v1/relays/${id}`

export interface SeriesQuery extends Query {
  factor: string
  kind: SeriesKind
  field: string
  from: string
  to: string
  buckets?: number
}

export const calls = {
  health: () => api.get<Health>('/healthz'),
  session: () => api.get<Session>('/api/v1/session'),
  signIn: (username: string, password: string, code = '') =>
    api.post<Session>('/api/v1/session', code ? { username, password, code } : { username, password }),
  signOut: () => api.delete<Record<string, never>>('/api/v1/session'),

  changePassword: (current: string, password: string) => api.put<Record<string, never>>('/api/v1/session/password', { current, password }),

  portal: () => api.get<Portal>(PORTAL),
  unlinkPortal: () => api.delete<Record<string, never>>(PORTAL),
  secondFactor: () => api.get<SecondFactor>(FACTOR),
  offerFactor: (password: string) => api.post<SecondFactorOffer>(FACTOR, { password }),
  confirmFactor: (code: string) => api.put<RecoveryCodes>(FACTOR, { code }),
  removeFactor: (password: string, code: string) => api.post<Record<string, never>>(`${FACTOR}/removal`, { password, code }),
  devices: () => api.get<DeviceList>(DEVICES),
  endDevice: (id: string) => api.delete<Record<string, never>>(`${DEVICES}/${seg(id)}`),
  endOtherDevices: () => api.delete<DevicesEnded>(DEVICES),
  tokens: () => api.get<MachineTokenList>(TOKENS),
  addToken: (body: MachineTokenDraft) => api.post<MachineTokenMade>(TOKENS, body),
  revokeToken: (id: number) => api.delete<Record<string, never>>(`${TOKENS}/${id}`),

  overview: () => api.get<Overview>('/api/v1/overview'),
  stations: (query: Query) => api.get<Page<Station>>('/api/v1/stations', { query }),
  station: (mn: string) => api.get<StationDetail>(station(mn)),
  patchProfile: (mn: string, body: ProfilePatch, options: CallOptions = {}) =>
    api.patch<Profile>(`${station(mn)}/profile`, body, options),
  series: (mn: string, query: SeriesQuery) => api.get<Series>(`${station(mn)}/series`, { query }),
  versions: (mn: string, query: Query) => api.get<{ items: Version[] }>(`${station(mn)}/versions`, { query }),
  frames: (mn: string, query: Query) => api.get<Page<FrameRow>>(`${station(mn)}/frames`, { query }),

  frame: (seq: number) => api.get<Frame>(`/api/v1/frames/${seq}`),
  proof: (seq: number) => api.get<Proof>(`/api/v1/frames/${seq}/proof`),
  decodeFrames: (text: string, key: string) => api.post<Inspection>('/api/v1/frames/decode', { text, key }),
  composeFrame: (fields: FrameFields) => api.post<ComposedFrame>('/api/v1/frames/compose', fields),
  connections: (query: Query) => api.get<ConnectionList>('/api/v1/connections', { query }),
  faults: () => api.get<Faults>('/api/v1/faults'),
  evidence: (limit: number) => api.get<EvidenceLog>('/api/v1/evidence', { query: { limit } }),
  evidenceGrowth: (limit: number) => api.get<EvidenceGrowth>('/api/v1/evidence/growth', { query: { limit } }),

  unknown: (query: Query) => api.get<Page<UnknownStation>>('/api/v1/stations/unknown', { query }),
  admit: (mn: string, body: Admission, options: CallOptions = {}) =>
    api.post<Station>(`/api/v1/stations/unknown/${seg(mn)}/admit`, body, options),
  relays: () => api.get<Page<Relay>>('/api/v1/relays'),
  relay: (id: number) => api.get<RelayPage>(relay(id)),
  addRelay: (body: NewRelay, options: CallOptions = {}) => api.post<RelayPage>('/api/v1/relays', body, options),
  changeRelay: (id: number, body: RelayPatch, options: CallOptions = {}) => api.patch<RelayPage>(relay(id), body, options),
  removeRelay: (id: number) => api.delete<Record<string, never>>(relay(id)),
  retryRelay: (id: number, options: CallOptions = {}) => api.post<{ marked: number }>(`${relay(id)}/retry`, undefined, options),

  agencies: (day: string) => api.get<AgencyTree>('/api/v1/agencies', { query: { day } }),
  agency: (id: number, day: string) => api.get<AgencyPage>(agency(id), { query: { day } }),
  changeAgency: (id: number, body: object, options: CallOptions = {}) => api.put<AgencyPage>(agency(id), body, options),
  endAgency: (id: number, body: object, options: CallOptions = {}) => api.post<AgencyPage>(`${agency(id)}/end`, body, options),
  addAgency: (body: object, options: CallOptions = {}) => api.post<AgencyPage>('/api/v1/agencies', body, options),
  addDepartment: (id: number, body: object, options: CallOptions = {}) => api.post<AgencyPage>(`${agency(id)}/departments`, body, options),
  setEstablishment: (id: number, body: object, options: CallOptions = {}) => api.put<AgencyPage>(`${agency(id)}/establishment`, body, options),

  officers: (query: Query) => api.get<Page<Officer>>('/api/v1/officers', { query }),
  officer: (id: number) => api.get<OfficerPage>(officer(id)),
  addOfficer: (body: NewOfficer, options: CallOptions = {}) => api.post<OfficerPage>('/api/v1/officers', body, options),
  changeOfficer: (id: number, body: OfficerChange, options: CallOptions = {}) => api.post<OfficerPage>(`${officer(id)}/changes`, body, options),
  leaveOfficer: (id: number, body: object, options: CallOptions = {}) => api.post<OfficerPage>(`${officer(id)}/leave`, body, options),

  accounts: (query: Query) => api.get<Page<Account>>('/api/v1/accounts', { query }),
  addAccount: (body: object) => api.post<AccountAnswer>('/api/v1/accounts', body),
  accountAction: (username: string, action: 'password' | 'disable' | 'enable') => api.post<AccountAnswer>(`${account(username)}/${action}`, undefined),
  grants: (username: string) => api.get<Page<Grant>>('/api/v1/grants', { query: { username, limit: 500 } }),
  grant: (body: NewGrant, options: CallOptions = {}) => api.post<Grant>('/api/v1/grants', body, options),
  endGrant: (id: number) => api.post<Grant>(`/api/v1/grants/${id}/end`, undefined),
  reach: (username: string) => api.get<ReachList>(`${account(username)}/reach`),
  roles: () => api.get<PermissionMatrix>('/api/v1/roles'),
  traceStation: (mn: string, at: string) => api.get<StationTrace>(`/api/v1/trace/stations/${seg(mn)}`, { query: { at } }),

  regions: () => api.get<{ items: Region[] }>('/api/v1/regions'),
}
