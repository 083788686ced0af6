// Sources as the server tells of them, and the pure rules of the page.
import type { Doc } from '@alcove/client'

type Language = 'fr' | 'en'

interface Described {
  description?: string
}

interface Locale {
  name?: string
  short_description?: string
  long_description?: string
  permissions?: Record<string, Described>
  fields?: Record<string, { label?: string }>
}

export interface Permission extends Described {
  type: string
  verbs?: readonly string[]
}

export interface FieldSaid {
  type?: string
  label?: string
  required?: boolean
  default?: string | boolean
  min?: number
  max?: number
  pattern?: string
  advanced?: boolean
  hidden?: boolean
  options?: readonly { name?: string; value: string }[]
}

/** A connector as its manifest describes it. */
export interface Konnector extends Doc {
  slug: string
  name?: string
  fields?: Record<string, FieldSaid | undefined>
  permissions?: Record<string, Permission>
  locales?: Partial<Record<Language, Locale>>
  inputs?: { extensions?: readonly string[] }
  egress?: readonly string[]
  frequency?: string
}

export interface Trouble {
  file: string
  outcome: 'not_understood' | 'error' | 'asked'
  reason: string
}

export interface Run {
  _id: string
  connector: string
  account: string
  state: 'running' | 'done' | 'asked' | 'errored' | 'stopped'
  worker?: string
  job?: string
  network: 'none' | 'told' | 'unknown'
  manual: boolean
  started_at: string
  ended_at?: string
  total: number
  done: number
  label: string
  outcomes: Readonly<Record<string, number>>
  counts: Readonly<Record<string, number>>
  brought: Readonly<Record<string, number>>
  files: readonly Trouble[]
  error?: string
}

export interface Account extends Doc {
  account_type: string
  name?: string
  state?: string | null
  auth?: Record<string, unknown>
  data?: { source?: string; state?: { answers?: Record<string, unknown> } }
  cozyMetadata?: { createdAt?: string }
}

export interface Trigger {
  id: string
  type: string
  account: string
  connector: string
  error: string
}

/** What a person calls it. */
export function nameOf(konnector: Konnector, language: Language): string {
  return konnector.locales?.[language]?.name ?? konnector.name ?? konnector.slug
}

export function describe(konnector: Konnector, language: Language, how: 'short' | 'long'): string {
  return konnector.locales?.[language]?.[`${how}_description`] ?? ''
}

/** Whether it is fed by files that the person hands over. */
export function takesFiles({ inputs }: Konnector): boolean {
  return Boolean(inputs?.extensions?.length)
}

/** Whether it needs an account of the person's at a service. */
export function needsAccount(konnector: Konnector, language: Language): boolean {
  return fieldsOf(konnector, language).length > 0
}

export interface May {
  title: string
  words: string
  reads: boolean
  writes: boolean
}

const READING = new Set(['GET', 'HEAD'])

/** What it may do in the place, in the words of its manifest. */
export function mayDo({ permissions = {}, locales = {} }: Konnector, language: Language): May[] {
  return Object.entries(permissions).map(([title, { description, type, verbs = ['ALL'] }]) => ({
    title,
    words: locales[language]?.permissions?.[title]?.description ?? description ?? type,
    reads: verbs.some(verb => READING.has(verb) || verb === 'ALL'),
    writes: verbs.some(verb => !READING.has(verb)),
  }))
}

export type Health = 'new' | 'running' | 'asks' | 'login' | 'person' | 'failed' | 'partly' | 'well'

/** How it is doing: what needs the person comes before what is well. */
export function healthOf(last: Run | undefined, accounts: readonly Account[], asks: boolean): Health {
  if (asks) return 'asks'
  if (last?.state === 'running') return 'running'
  const states = accounts.map(({ state }) => state ?? '')
  if (states.some(state => state.startsWith('LOGIN_FAILED'))) return 'login'
  if (states.some(state => state.startsWith('USER_ACTION_NEEDED'))) return 'person'
  if (!last) return 'new'
  if (last.state === 'errored') return 'failed'
  return untaken(last) ? 'partly' : 'well'
}

/** Files of a run from which nothing came. */
export function untaken({ outcomes }: Pick<Run, 'outcomes'>): number {
  return (outcomes.not_understood ?? 0) + (outcomes.error ?? 0) + (outcomes.asked ?? 0)
}

/** How long a run took, in seconds; undefined while it runs. */
export function secondsOf({ started_at, ended_at }: Pick<Run, 'started_at' | 'ended_at'>): number | undefined {
  return ended_at === undefined ? undefined : Math.max(0, (Date.parse(ended_at) - Date.parse(started_at)) / 1000)
}

/** What a source reached outside: nothing, where no run had a way out; what the journal tells; or it cannot be told. */
export function reached(runs: readonly Run[]): 'never' | 'nothing' | 'told' | 'unknown' {
  if (!runs.length) return 'never'
  if (runs.some(run => run.network === 'unknown')) return 'unknown'
  return runs.every(run => run.network === 'none') ? 'nothing' : 'told'
}

export interface Field {
  name: string
  label: string
  kind: 'text' | 'password' | 'email' | 'choice' | 'tick'
  required: boolean
  initial: string
  options: readonly { value: string; label: string }[]
  min: number | undefined
  max: number | undefined
  pattern: string | undefined
}

const KINDS: Readonly<Record<string, Field['kind']>> = { password: 'password', email: 'email', dropdown: 'choice', checkbox: 'tick' }
/** Labels that Cozy's manifests name by a word of its own. */
const LABELS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  login: { en: 'Login', fr: 'Identifiant' },
  identifier: { en: 'Login', fr: 'Identifiant' },
  email: { en: 'Mail address', fr: 'Adresse mail' },
  password: { en: 'Password', fr: 'Mot de passe' },
  phone: { en: 'Phone number', fr: 'Numéro de téléphone' },
  accountname: { en: 'Name of the account', fr: 'Nom du compte' },
}

/** The fields of an account's form, from the manifest; what is for machines is left out. */
export function fieldsOf({ fields = {}, locales = {} }: Konnector, language: Language): Field[] {
  return Object.entries(fields).flatMap(([name, said]) => {
    if (typeof said !== 'object' || said.hidden || said.type === 'hidden' || name === 'advancedFields') return []
    const label =
      locales[language]?.fields?.[name]?.label ?? LABELS[(said.label ?? name).toLowerCase()]?.[language] ?? LABELS[name.toLowerCase()]?.[language] ?? said.label ?? name
    return {
      name,
      label,
      kind: KINDS[said.type ?? ''] ?? 'text',
      required: said.required !== false && said.type !== 'checkbox',
      initial: said.default === undefined ? '' : String(said.default),
      options: (said.options ?? []).map(option => ({ value: option.value, label: option.name ?? option.value })),
      min: said.min,
      max: said.max,
      pattern: said.pattern,
    }
  })
}

export type Fault = 'required' | 'short' | 'long' | 'pattern'

/** What is wrong with a value, before the service is asked. */
export function faultIn({ required, min, max, pattern }: Field, value: string): Fault | undefined {
  if (!value) return required ? 'required' : undefined
  if (min !== undefined && value.length < min) return 'short'
  if (max !== undefined && value.length > max) return 'long'
  if (pattern !== undefined && !matches(pattern, value)) return 'pattern'
  return undefined
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u').test(value)
  } catch {
    return true // a pattern that is none hinders nobody
  }
}

const FREQUENCIES = new Set(['hourly', 'daily', 'weekly', 'monthly'])

/** The trigger that runs a source by itself: as often as its manifest says, else once a week. */
export function triggerFor(konnector: Konnector, account: string) {
  const frequency = konnector.frequency && FREQUENCIES.has(konnector.frequency) ? konnector.frequency : 'weekly'
  return { type: `@${frequency}`, arguments: '', worker: 'konnector', message: { account, konnector: konnector.slug } }
}

/** The fields of a new account, as Cozy's connectors read them. */
export function accountFor(konnector: Konnector, fields: readonly Field[], values: Readonly<Record<string, string>>) {
  const auth = Object.fromEntries(fields.map(({ name, kind }) => [name, kind === 'tick' ? values[name] === 'true' : (values[name] ?? '')]))
  const login = fields.find(({ kind }) => kind !== 'password')?.name
  return { account_type: konnector.slug, name: (login && values[login]) || konnector.slug, auth, state: null }
}

/** How many layouts of files a source of files remembers the answers for. */
export function remembered({ data }: Account): number {
  return Object.keys(data?.state?.answers ?? {}).length
}
