// What the account page asks of the server.
import { Refused, upload, useAct, useClient, useFresh } from '@alcove/client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { clientForm } from '../../../../alcove/identity/pages/passphrase.js'
import { type AppPassword, type AppPasswordSaid, appPasswordsOf, type Client, type ClientSaid, clientsOf, type Connection, type Device, devicesOf, type Login, merge, type Passkey, type PasskeySaid, passkeysOf, type SessionSaid, type Settings, type Usage, spaceOf } from './model'

const JSONAPI = 'application/vnd.api+json'
const SETTINGS = ['settings', 'instance'] as const
const DEVICES = ['account', 'devices'] as const
const CLIENTS = ['account', 'clients'] as const
/** Clients of a page of the list; nobody has more. */
const MOST = 1000
const PASSKEYS = ['account', 'passkeys'] as const
const APP_PASSWORDS = ['account', 'passwords'] as const
/** Rounds that a new passphrase gets at least; the server's own choice for a first one. */
const ROUNDS = 650_000
const TRIES = 5

interface SettingsSaid {
  data: { id: string; type: string; attributes: Settings; meta: { rev: string } }
}

/** The settings, under the name by which the frame reads them too: a new name shows in both at once. */
export function useSettings() {
  const { door } = useClient()
  useFresh(['io.cozy.settings'], SETTINGS)
  return useQuery({
    queryKey: SETTINGS,
    queryFn: ({ signal }) => door.ask<SettingsSaid>('GET', '/settings/instance', { signal }),
    select: said => said.data.attributes,
  })
}

/** Someone changed the same thing meanwhile: nothing was written; `now` is what holds. */
export class Clash extends Error {
  override readonly name = 'Clash'

  constructor(readonly now: Settings) {
    super('changed meanwhile')
  }
}

/** Changes some settings, keeping what others changed meanwhile; raises `Clash`. */
export function useChangeSettings() {
  const { door } = useClient()
  const queries = useQueryClient()
  return async (seen: Settings, change: Settings): Promise<void> => {
    for (let left = TRIES; ; left -= 1) {
      const { data } = await door.ask<SettingsSaid>('GET', '/settings/instance')
      const merged = merge(seen, data.attributes, change)
      if ('clash' in merged) {
        queries.setQueryData(SETTINGS, { data })
        throw new Clash(data.attributes)
      }
      try {
        const said = await door.ask<SettingsSaid>('PUT', '/settings/instance', {
          body: { data: { ...data, attributes: merged.attributes } },
        })
        // The answer leaves out what only reading adds.
        queries.setQueryData(SETTINGS, { data: { ...said.data, attributes: { ...merged.attributes, ...said.data.attributes } } })
        return
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 409 || left === 1) throw error
      }
    }
  }
}

/** What everybody sees of the person: a picture of theirs, or their initials. `source` is a `data:` address. */
export interface Portrait {
  own: boolean
  blob: Blob
  source: string
}

const PICTURE = ['account', 'picture'] as const

/** The person's picture as it is now. */
export function usePicture() {
  const { door } = useClient()
  return useQuery({
    queryKey: PICTURE,
    queryFn: async ({ signal }): Promise<Portrait> => {
      // Told by its kind: those that people send are drawn anew as JPEG, initials are PNG.
      const query = { fallback: 'initials', q: 'high' }
      const blob = await (await door.send('GET', '/public/avatar', { query, accept: 'image/*', signal })).blob()
      return { own: blob.type === 'image/jpeg', blob, source: await addressOf(blob) }
    },
  })
}

/** A picture as a `data:` address. */
function addressOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(new Error('the picture cannot be read'))
    reader.readAsDataURL(blob)
  })
}

/** Takes another picture, or none. */
export function useChangePicture() {
  const { door } = useClient()
  const queries = useQueryClient()
  return async (picture: Blob | undefined): Promise<void> => {
    if (picture) await upload(door, '/settings/avatar', picture, { method: 'PUT' })
    else await door.send('DELETE', '/settings/avatar', { accept: JSONAPI })
    await queries.invalidateQueries({ queryKey: PICTURE })
  }
}

export interface Chance {
  slug: string
  name: string
}

interface AppsSaid {
  data: { attributes: { slug: string; name: string; locales?: Record<string, { name?: string }> } }[]
}

/** The apps that can open first. */
export function useApps(language: string) {
  const { door } = useClient()
  return useQuery({
    queryKey: ['account', 'apps'],
    queryFn: ({ signal }) => door.ask<AppsSaid>('GET', '/apps/', { accept: JSONAPI, signal }),
    select: (said): Chance[] =>
      said.data.map(({ attributes: { slug, name, locales } }) => ({ slug, name: locales?.[language]?.name ?? name })),
  })
}

/** Who is signed in. */
export function useDevices() {
  const { door, documents } = useClient()
  useFresh(['io.cozy.sessions.logins'], DEVICES)
  return useQuery({
    queryKey: DEVICES,
    queryFn: async ({ signal }): Promise<Device[]> => {
      const [sessions, logins] = await Promise.all([
        door.ask<{ data: SessionSaid[] }>('GET', '/settings/sessions', { accept: JSONAPI, signal }),
        documents.all<Login>('io.cozy.sessions.logins', signal),
      ])
      return devicesOf(sessions.data, logins)
    },
  })
}

/** Signs out these devices; shown at once, and taken back when the server refuses. */
export function useSignOut(done: (devices: readonly Device[]) => void, failed: (error: Error) => void) {
  const { door } = useClient()
  return useAct<readonly Device[]>({
    key: DEVICES,
    send: async devices => {
      const [one] = devices
      if (devices.length === 1 && one) await door.send('DELETE', `/settings/sessions/${encodeURIComponent(one.id)}`)
      else await door.send('DELETE', '/auth/login/others')
    },
    foresee: (held, devices) => (held as Device[]).filter(one => !devices.some(gone => gone.id === one.id)),
    done,
    failed,
  }).mutate
}

/** The devices and programs that are connected. */
export function useClients() {
  const { door } = useClient()
  useFresh(['io.cozy.oauth.clients'], CLIENTS)
  return useQuery({
    queryKey: CLIENTS,
    queryFn: async ({ signal }): Promise<Client[]> =>
      clientsOf(
        (await door.ask<{ data: ClientSaid[] }>('GET', '/settings/clients', { query: { 'page[limit]': String(MOST) }, accept: JSONAPI, signal })).data,
      ),
  })
}

/** What a device told of its last backup; `at` is missing where none was complete. */
export interface Backup {
  at?: string | null
  tried_at?: string
  files?: number
  failed?: number
}

/** The last backups, by device. */
export function useBackups() {
  const { door } = useClient()
  useFresh(['org.alcove.backups'], ['account', 'backups'])
  return useQuery({
    queryKey: ['account', 'backups'],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: { id: string; attributes: Backup }[] }>('GET', '/files/backups', { accept: JSONAPI, signal })
      return new Map(said.data.map(({ id, attributes }) => [id, attributes]))
    },
    meta: { quiet: true },
  })
}

/** Disconnects one of them; shown at once, and taken back when the server refuses. */
export function useDisconnect(done: (gone: Client) => void, failed: (error: Error) => void) {
  const { door } = useClient()
  return useAct<Client>({
    key: CLIENTS,
    send: async gone => {
      try {
        await door.send('DELETE', `/settings/clients/${encodeURIComponent(gone.id)}`)
      } catch (error) {
        // It went by itself meanwhile: that is what was wanted.
        if (!(error instanceof Refused) || error.status !== 404) throw error
      }
    },
    foresee: (held, gone) => (held as Client[]).filter(one => one.id !== gone.id),
    done,
    failed,
  }).mutate
}

/** What opens the place instead of the passphrase. */
export function usePasskeys() {
  const { door } = useClient()
  return useQuery({
    queryKey: PASSKEYS,
    queryFn: async ({ signal }): Promise<Passkey[]> =>
      passkeysOf((await door.ask<{ data: PasskeySaid[] }>('GET', '/settings/passkeys', { accept: JSONAPI, signal })).data),
  })
}

/** Names a passkey anew; shown at once, and taken back when the server refuses. */
export function useRenamePasskey(done: (named: { id: string; name: string }) => void, failed: (error: Error) => void) {
  const { door } = useClient()
  return useAct<{ id: string; name: string }>({
    key: PASSKEYS,
    send: ({ id, name }) =>
      door.send('PATCH', `/settings/passkeys/${encodeURIComponent(id)}`, { body: { data: { attributes: { name } } }, accept: JSONAPI }),
    foresee: (held, { id, name }) => (held as Passkey[]).map(one => (one.id === id ? { ...one, name } : one)),
    done,
    failed,
  }).mutate
}

/** Removes a passkey; shown at once, and taken back when the server refuses. */
export function useRemovePasskey(done: (gone: Passkey) => void, failed: (error: Error) => void) {
  const { door } = useClient()
  return useAct<Passkey>({
    key: PASSKEYS,
    send: gone => door.send('DELETE', `/settings/passkeys/${encodeURIComponent(gone.id)}`),
    foresee: (held, gone) => (held as Passkey[]).filter(one => one.id !== gone.id),
    done,
    failed,
  }).mutate
}

/** What devices say instead of the passphrase. */
export function useAppPasswords() {
  const { door } = useClient()
  return useQuery({
    queryKey: APP_PASSWORDS,
    queryFn: async ({ signal }): Promise<AppPassword[]> =>
      appPasswordsOf((await door.ask<{ data: AppPasswordSaid[] }>('GET', '/settings/app_passwords', { accept: JSONAPI, signal })).data),
  })
}

/** An app password as it is told once, with the QR code that apps read. */
export interface Made {
  name: string
  login: string
  password: string
  picture: string
}

/** Makes an app password, for who says the passphrase. */
export function useMakeAppPassword() {
  const { door } = useClient()
  const queries = useQueryClient()
  const hash = useHashing()
  return async (name: string, passphrase: string): Promise<Made> => {
    const body = { name, passphrase: await hash(passphrase) }
    const said = await door.ask<Told<Made>>('POST', '/settings/app_passwords', { body, accept: JSONAPI })
    await queries.invalidateQueries({ queryKey: APP_PASSWORDS })
    return said.data.attributes
  }
}

/** Removes one; shown at once, and taken back when the server refuses. */
export function useRemoveAppPassword(done: (gone: AppPassword) => void, failed: (error: Error) => void) {
  const { door } = useClient()
  return useAct<AppPassword>({
    key: APP_PASSWORDS,
    send: gone => door.send('DELETE', `/settings/app_passwords/${encodeURIComponent(gone.id)}`),
    foresee: (held, gone) => (held as AppPassword[]).filter(one => one.id !== gone.id),
    done,
    failed,
  }).mutate
}

/** Where devices find this place. */
export function useConnection() {
  const { door } = useClient()
  return useQuery({
    queryKey: ['account', 'connection'],
    queryFn: ({ signal }) => door.ask<Told<Connection>>('GET', '/settings/connection', { accept: JSONAPI, signal }),
    select: said => said.data.attributes,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** The space taken, by kind. */
export function useUsage() {
  const { door } = useClient()
  return useQuery({
    queryKey: ['account', 'usage'],
    queryFn: ({ signal }) =>
      door.ask<{ data: { attributes: Usage } }>('GET', '/settings/disk-usage', { query: { include: 'kinds' }, accept: JSONAPI, signal }),
    select: said => spaceOf(said.data.attributes),
  })
}

export function useVersion() {
  const { door } = useClient()
  return useQuery({
    queryKey: ['account', 'version'],
    queryFn: ({ signal }) => door.ask<{ version: string }>('GET', '/version', { signal }),
    select: said => said.version,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

interface Hashing {
  data: { attributes: { salt: string; iterations: number } }
}

/** What hashes a passphrase as the login does it. */
function useHashing() {
  const { door } = useClient()
  return async (passphrase: string): Promise<string> => {
    const { salt, iterations } = (await door.ask<Hashing>('GET', '/settings/passphrase', { accept: JSONAPI })).data.attributes
    return clientForm(passphrase, salt, iterations)
  }
}

/** What goes with the code of the second step, where one is asked for. */
export interface HalfDone {
  two_factor_token: string
}

/**
 * Changes the passphrase, hashed here as the login does it. Every session but this browser's ends by it. Where a second
 * step is asked for, answers what goes with its code, and has changed nothing yet.
 */
export function useChangePassphrase() {
  const { door } = useClient()
  const queries = useQueryClient()
  return async (present: string, next: string, step?: HalfDone & { two_factor_passcode: string }): Promise<HalfDone | undefined> => {
    const { salt, iterations } = (await door.ask<Hashing>('GET', '/settings/passphrase', { accept: JSONAPI })).data.attributes
    const rounds = Math.max(iterations, ROUNDS)
    const half = await door.ask<HalfDone | undefined>('PUT', '/settings/passphrase', {
      body: {
        current_passphrase: await clientForm(present, salt, iterations),
        new_passphrase: await clientForm(next, salt, rounds),
        iterations: rounds,
        ...step,
      },
      accept: JSONAPI,
    })
    if (half) return half
    // This page's token ended with its session: the new session has one of its own.
    await door.renew()
    await queries.invalidateQueries({ queryKey: DEVICES })
    return undefined
  }
}

/** Another mail address: proposed with the passphrase, mailed once more, given up. */
export function useMailAddress() {
  const { door } = useClient()
  const queries = useQueryClient()
  const hash = useHashing()
  const ask = async (method: string, path: string, body?: unknown) => {
    await door.send(method, path, { body, accept: JSONAPI })
    await queries.invalidateQueries({ queryKey: SETTINGS })
  }
  return {
    propose: async (email: string, passphrase: string) => ask('POST', '/settings/email', { email, passphrase: await hash(passphrase) }),
    again: () => ask('POST', '/settings/email/resend'),
    giveUp: () => ask('DELETE', '/settings/email'),
  }
}

export interface SecondState {
  mode: 'none' | 'mail' | 'app'
  recovery_codes: number
  /** Whether this server sends mail. */
  mail: boolean
}

export interface Offer {
  secret: string
  address: string
  /** The QR code, as a `data:` address. */
  picture: string
}

interface Told<T> {
  data: { attributes: T }
}

const SECOND = '/settings/second_factor'

/** Whether a second step is asked for at the login, and what can be. */
export function useSecond() {
  const { door } = useClient()
  useFresh(['io.cozy.settings'], [SECOND])
  return useQuery({
    queryKey: [SECOND],
    queryFn: ({ signal }) => door.ask<Told<SecondState>>('GET', SECOND, { accept: JSONAPI, signal }),
    select: said => said.data.attributes,
  })
}

/** Sets the second step up, and turns it off. */
export function useSecondStep() {
  const { door } = useClient()
  const queries = useQueryClient()
  const hash = useHashing()
  const ask = async <T>(method: string, path: string, body: unknown): Promise<T> => {
    const said = await door.ask<Told<T> | undefined>(method, path, { body, accept: JSONAPI })
    await queries.invalidateQueries({ queryKey: [SECOND] })
    return said?.data.attributes as T
  }
  const mode = (more: Record<string, string>) => ask<void>('PUT', '/settings/instance/auth_mode', { auth_mode: 'two_factor_mail', ...more })
  const codes = async (method: string, path: string, body: unknown) =>
    (await ask<{ recovery_codes: string[] }>(method, `${SECOND}${path}`, body)).recovery_codes
  return {
    offer: async (passphrase: string) => ask<Offer>('POST', `${SECOND}/app`, { passphrase: await hash(passphrase) }),
    accept: (code: string) => codes('PUT', '/app', { code }),
    mail: async (passphrase: string) => {
      await door.send('POST', '/settings/passphrase/check', { body: { passphrase: await hash(passphrase) }, accept: JSONAPI })
      await mode({})
    },
    acceptMail: (code: string) => mode({ two_factor_activation_code: code }),
    renew: async (passphrase: string) => codes('POST', '/recovery', { passphrase: await hash(passphrase) }),
    off: async (passphrase: string) => ask<void>('POST', `${SECOND}/off`, { passphrase: await hash(passphrase) }),
  }
}
