// What was handed over and what became of it, as the server tells it, and the pure rules of the page.

export type Outcome = 'new' | 'known' | 'not_understood' | 'error' | 'asked'

export interface Question {
  field: string
  text: string
  choices: readonly { value: string }[]
  rows: readonly (readonly string[])[]
}

export interface FileSaid {
  file: string
  connector: string
  outcome: Outcome
  reason: string
  counts: Readonly<Record<string, number>>
  question?: Question
}

export interface Gathering {
  _id: string
  state: 'queued' | 'sorting' | 'running' | 'done' | 'errored' | 'stopped'
  total: number
  done: number
  files: readonly FileSaid[]
  error?: string
  created_at?: string
  updated_at?: string
}

const ENDED: ReadonlySet<Gathering['state']> = new Set(['done', 'errored', 'stopped'])

/** Whether it still goes on. */
export function runs(gathering: Gathering | undefined): boolean {
  return gathering !== undefined && !ENDED.has(gathering.state)
}

const FRESH = 3600_000

/** Whether it ended within the last hour, so that what it brought is still worth a line of its own. */
export function fresh({ updated_at = '' }: Gathering, now: number): boolean {
  return now - Date.parse(updated_at) < FRESH
}

/** What came in, all files together. */
export function counted(files: readonly FileSaid[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const { counts } of files) for (const [kind, count] of Object.entries(counts)) found[kind] = (found[kind] ?? 0) + count
  return found
}

/** Files that need the person: a question, or a reason why nothing came of them. */
export function troubled(gatherings: readonly Gathering[]): FileSaid[] {
  // The newest word on a file counts: one that was handed over again and understood is no trouble any more.
  const newest = new Map<string, FileSaid>()
  for (const { files } of gatherings) for (const said of files) if (!newest.has(said.file)) newest.set(said.file, said)
  return [...newest.values()].filter(({ outcome }) => outcome !== 'new' && outcome !== 'known')
}

/** Months from the first to the last of two ISO days, both counted. */
export function monthsBetween(first: string, last: string): number {
  const at = (day: string) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7))
  return at(last) - at(first) + 1
}

/** The sample person as the server tells of it. */
export interface SampleSaid {
  state: 'none' | 'queued' | 'drawing' | 'reading' | 'ready' | 'errored'
  possible: boolean
  /** What keeps it from being made, or kept it. */
  why: '' | 'off' | 'confinement' | 'sample' | 'taken' | 'failed'
  reason: string
  done?: number
  total?: number
}

/** Whether it is being made. */
export function goes(sample: SampleSaid | undefined): boolean {
  return sample !== undefined && ['queued', 'drawing', 'reading'].includes(sample.state)
}

export interface Source {
  _id: string
  account_type: string
  name?: string
  state?: string
  cozyMetadata?: { updatedAt?: string }
  /** What runs it at its times, where something does. */
  trigger?: string | undefined
}

/** Whether a source failed when it ran last. */
export function needsRepair({ state }: Source): boolean {
  return Boolean(state) && state !== 'LOGIN_SUCCESS' && state !== 'HANDLE_LOGIN_SUCCESS'
}

/** The sources that failed. */
export function brokenSources(sources: readonly Source[]): Source[] {
  return sources.filter(needsRepair)
}

export type RepairWord = 'login' | 'person' | 'vendor' | 'other'

/** What is wrong with a source, and the trigger to run again where that may mend it without the person. */
export function repairOf({ state = '', trigger }: Source): { word: RepairWord; trigger: string | undefined } {
  if (state.startsWith('LOGIN_FAILED')) return { word: 'login', trigger: undefined }
  if (state.startsWith('USER_ACTION_NEEDED')) return { word: 'person', trigger: undefined }
  return { word: state.startsWith('VENDOR_DOWN') ? 'vendor' : 'other', trigger }
}

/** What a person calls a source. */
export function wordOf({ name, account_type }: Source): string {
  return name || account_type.charAt(0).toUpperCase() + account_type.slice(1)
}
