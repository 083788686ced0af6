// What the account page computes by itself: changes that meet other changes, kinds of files, where a person is signed in.

export interface Settings {
  public_name?: string
  email?: string
  pending_email?: string
  locale?: string
  default_redirection?: string
  [name: string]: unknown
}

export type Merged = { attributes: Settings } | { clash: string[] }

/**
 * The settings to send when a person changes some of them. `seen` is what they saw when they began, `now` what the server
 * holds: what others changed meanwhile stays, and where they changed the same thing, it is told instead.
 */
export function merge(seen: Settings, now: Settings, change: Settings): Merged {
  const clash = Object.keys(change).filter(name => now[name] !== seen[name] && now[name] !== change[name])
  return clash.length ? { clash } : { attributes: { ...now, ...change } }
}

export const KINDS = ['photos', 'videos', 'audio', 'documents', 'others', 'versions', 'trash'] as const
export type Kind = (typeof KINDS)[number]

const KIND_OF: Record<string, Kind> = {
  image: 'photos',
  video: 'videos',
  audio: 'audio',
  pdf: 'documents',
  text: 'documents',
  spreadsheet: 'documents',
  slide: 'documents',
  trash: 'trash',
}

export interface Usage {
  used: string
  files: string
  versions: string
  quota?: string
  kinds?: Record<string, string>
}

export interface Space {
  used: number
  /** Undefined where there is no limit. */
  quota: number | undefined
  parts: { kind: Kind; bytes: number }[]
}

/** The space taken by each kind of thing that there is, in the order of `KINDS`. */
export function spaceOf(usage: Usage): Space {
  const sums = new Map<Kind, number>([['versions', Number(usage.versions)]])
  for (const [name, bytes] of Object.entries(usage.kinds ?? {})) {
    const kind = KIND_OF[name] ?? 'others'
    sums.set(kind, (sums.get(kind) ?? 0) + Number(bytes))
  }
  const parts = KINDS.flatMap(kind => {
    const bytes = sums.get(kind) ?? 0
    return bytes > 0 ? [{ kind, bytes }] : []
  })
  return { used: Number(usage.used), quota: usage.quota ? Number(usage.quota) : undefined, parts }
}

export interface SessionSaid {
  id: string
  attributes: { created_at: string; last_seen: string; long_run: boolean }
  meta?: { current?: boolean }
}

export interface Login {
  _id: string
  session_id: string
  ip?: string
  browser?: string
  os?: string
}

export interface Device {
  id: string
  current: boolean
  since: string
  seen: string
  remembered: boolean
  browser: string
  os: string
  address: string
}

/** Who is signed in, this browser first, then those seen last. */
export function devicesOf(sessions: readonly SessionSaid[], logins: readonly Login[]): Device[] {
  const known = new Map(logins.map(login => [login.session_id, login]))
  return sessions
    .map(({ id, attributes, meta }) => {
      const login = known.get(id)
      return {
        id,
        current: meta?.current === true,
        since: attributes.created_at,
        seen: attributes.last_seen,
        remembered: attributes.long_run,
        browser: login?.browser ?? '',
        os: login?.os ?? '',
        address: login?.ip ?? '',
      }
    })
    .sort((a, b) => Number(b.current) - Number(a.current) || b.seen.localeCompare(a.seen) || b.since.localeCompare(a.since))
}

export interface PasskeySaid {
  id: string
  attributes: { name: string; created_at: string; last_used_at?: string; synchronized: boolean }
}

export interface Passkey {
  id: string
  name: string
  since: string
  /** When it opened the place last; empty when it never did. */
  used: string
  /** Whether its maker keeps a copy, for the person's other devices. */
  synchronized: boolean
}

/** The person's passkeys, as the server lists them. */
export function passkeysOf(said: readonly PasskeySaid[]): Passkey[] {
  return said.map(({ id, attributes }) => ({
    id,
    name: attributes.name,
    since: attributes.created_at,
    used: attributes.last_used_at ?? '',
    synchronized: attributes.synchronized,
  }))
}

export interface AppPasswordSaid {
  id: string
  attributes: { name: string; created_at: string; last_used_at?: string }
}

/** What one device says instead of the passphrase. */
export interface AppPassword {
  id: string
  name: string
  since: string
  /** The hour in which it was used last; empty when it never was. */
  used: string
}

/** The app passwords, those used last first. */
export function appPasswordsOf(said: readonly AppPasswordSaid[]): AppPassword[] {
  return said
    .map(({ id, attributes }) => ({ id, name: attributes.name, since: attributes.created_at, used: attributes.last_used_at ?? '' }))
    .sort((a, b) => b.used.localeCompare(a.used) || b.since.localeCompare(a.since))
}

export const SYSTEMS = ['windows', 'macos', 'linux', 'ios', 'android', 'sync', 'rclone', 'webdav'] as const
export type System = (typeof SYSTEMS)[number]

/** The system that a browser says it runs on: what is most likely to be connected from here. */
export function systemOf(agent: string): System {
  if (/iPhone|iPad/.test(agent)) return 'ios'
  if (/Android/.test(agent)) return 'android'
  if (/Windows/.test(agent)) return 'windows'
  return /Macintosh/.test(agent) ? 'macos' : 'linux'
}

export interface Connection {
  server: string
  login: string
  webdav: string
  /** The QR code of the server's address, as a `data:` address. */
  picture: string
}

/** Addresses as the programs of each system want them. */
export function addressesOf({ server, login, webdav }: Connection): Record<'server' | 'login' | 'webdav' | 'gnome' | 'kde' | 'rclone', string> {
  const plain = webdav.startsWith('http:')
  const rest = webdav.replace(/^https?:/, '')
  const files = `${server}/remote.php/dav/files/${encodeURIComponent(login)}/`
  return {
    server,
    login,
    webdav,
    gnome: `${plain ? 'dav' : 'davs'}:${rest}`,
    kde: `${plain ? 'webdav' : 'webdavs'}:${rest}`,
    rclone: `rclone config create alcove webdav url=${files} vendor=nextcloud user=${login} --obscure pass=`,
  }
}

export interface ClientSaid {
  id: string
  attributes: {
    client_name: string
    client_kind?: string
    flagship?: boolean
    synchronized_at?: string
    last_refreshed_at?: string
    cozyMetadata?: { createdAt?: string }
  }
}

/** A device or program that the person connected. */
export interface Client {
  id: string
  name: string
  kind: string
  /** Whether it may do everything. */
  whole: boolean
  since: string
  /** When it was heard of last; empty when it never was. */
  seen: string
}

/** The connected devices and programs, those heard of last first. */
export function clientsOf(said: readonly ClientSaid[]): Client[] {
  return said
    .map(({ id, attributes }) => ({
      id,
      name: attributes.client_name,
      kind: attributes.client_kind ?? '',
      whole: attributes.flagship === true,
      since: attributes.cozyMetadata?.createdAt ?? '',
      seen: [attributes.synchronized_at ?? '', attributes.last_refreshed_at ?? ''].sort()[1] ?? '',
    }))
    .sort((a, b) => b.seen.localeCompare(a.seen) || a.name.localeCompare(b.name))
}

const DAY = 24 * 3600 * 1000

/** Whether a moment lies within the last day: the server notes it no more often. */
export function today(iso: string, now = Date.now()): boolean {
  return now - Date.parse(iso) < DAY
}

/** The parts of the page. */
export const PARTS = ['you', 'mail', 'passphrase', 'second', 'passkeys', 'devices', 'clients', 'connect', 'passwords', 'space', 'about'] as const
export type Part = (typeof PARTS)[number]
/** How addresses of Cozy's settings name what is one of our parts: links of clients and password managers lead there. */
const COZY = new Map<string, Part>([
  ['profile', 'you'],
  ['profile/password', 'passphrase'],
  ['connectedDevices', 'clients'],
  ['sessions', 'devices'],
  ['storage', 'space']
])

/** The part that the hash of an address names, ours or Cozy's. */
export function partOf(hash: string): Part | undefined {
  return PARTS.find(part => hash === `#${part}`) ?? COZY.get(hash.replace(/^#\/?/, ''))
}

/** The app that a setting `default_redirection` (`slug/path#hash`) leads to, if it is there; else the first page. */
export function firstApp(setting: string | undefined, slugs: readonly string[]): string {
  const slug = (setting ?? '').split('/')[0] ?? ''
  return slugs.includes(slug) ? slug : 'place'
}
