// What the page of sources asks of the server.
import { Refused, useAct, useClient, useFresh } from '@alcove/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Account, accountFor, type Field, type Konnector, type Run, type Trigger, triggerFor } from './model'

const KONNECTORS = 'io.cozy.konnectors'
const RUNS = 'org.alcove.runs'
const ACCOUNTS = 'io.cozy.accounts'
const REACH = 'org.alcove.reach'
const TRIGGERS = 'io.cozy.triggers'
const JSONAPI = 'application/vnd.api+json'
export const KEY = ['sources']
/** While something runs it is asked for, too: a socket may be kept away by a proxy. */
const WATCH = 3000
const PAGE = 30

/** Every connector of this installation. */
export function useKonnectors() {
  const { documents } = useClient()
  useFresh([KONNECTORS], [...KEY, 'konnectors'])
  return useQuery({
    queryKey: [...KEY, 'konnectors'],
    queryFn: ({ signal }) => documents.all<Konnector>(KONNECTORS, signal),
  })
}

/** The last runs of a connector, the newest first; `limit` grows as more are asked for. */
export function useRuns(slug: string, limit = PAGE) {
  const { documents } = useClient()
  useFresh([RUNS], [...KEY, 'runs', slug])
  return useQuery({
    queryKey: [...KEY, 'runs', slug, limit],
    queryFn: async ({ signal }) => {
      const selector = { connector: slug, started_at: { $gt: null } }
      const found = await documents.find<Run>(RUNS, { selector, index: ['connector', 'started_at'], descending: true, limit, signal })
      return { runs: found.docs, more: found.next !== undefined }
    },
    placeholderData: before => before,
    refetchInterval: query => (query.state.data?.runs.some(run => run.state === 'running') ? WATCH : false),
  })
}

export function useAccounts() {
  const { documents } = useClient()
  useFresh([ACCOUNTS], [...KEY, 'accounts'])
  return useQuery({
    queryKey: [...KEY, 'accounts'],
    queryFn: ({ signal }) => documents.all<Account>(ACCOUNTS, signal),
  })
}

interface TriggerSaid {
  id: string
  attributes: { type: string; message?: { account?: string; konnector?: string }; current_state?: { status?: string; last_error?: string } }
}

/** What runs sources at their times. */
export function useTriggers() {
  const { door } = useClient()
  useFresh([TRIGGERS], [...KEY, 'triggers'])
  return useQuery({
    queryKey: [...KEY, 'triggers'],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: TriggerSaid[] }>('GET', '/jobs/triggers', { query: { Worker: 'konnector' }, accept: JSONAPI, signal })
      return said.data.map(({ id, attributes: { type, message = {}, current_state = {} } }): Trigger => ({
        id,
        type,
        account: message.account ?? '',
        connector: message.konnector ?? '',
        error: current_state.status === 'errored' ? (current_state.last_error ?? '') : '',
      }))
    },
  })
}

interface ScheduleSaid {
  attributes: { connector: string; next: string }
}

/** When each source that runs by itself runs next: the moment by connector, the first of its accounts. */
export function useSchedule() {
  const { door } = useClient()
  useFresh([TRIGGERS, RUNS], [...KEY, 'schedule'])
  return useQuery({
    queryKey: [...KEY, 'schedule'],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: ScheduleSaid[] }>('GET', '/connectors/schedule', { accept: JSONAPI, signal })
      const latestFirst = said.data.map(({ attributes }) => attributes).sort((a, b) => b.next.localeCompare(a.next))
      return new Map(latestFirst.map(({ connector, next }) => [connector, next]))
    },
    meta: { quiet: true },
  })
}

export interface Host {
  host: string
  state: 'asked' | 'allowed' | 'refused'
}

const REACHES = [...KEY, 'reach']

/** The hosts that a source wanted, each with what the person said of it. */
export function useHosts(slug: string) {
  const { door } = useClient()
  useFresh([REACH, RUNS], REACHES)
  return useQuery({
    queryKey: [...REACHES, slug],
    queryFn: async ({ signal }): Promise<Host[]> => {
      const said = await door.ask<{ data: { id: string; attributes: { hosts?: Record<string, { state: Host['state'] }> } }[] }>('GET', '/connectors/reach', { accept: JSONAPI, signal })
      const hosts = said.data.find(({ id }) => id === slug)?.attributes.hosts ?? {}
      return Object.entries(hosts).map(([host, { state }]) => ({ host, state })).sort((a, b) => a.host.localeCompare(b.host))
    },
    meta: { quiet: true },
  })
}

/** Allows a source a host, or refuses it; shown at once, and taken back when the server refuses. */
export function useAllowing(slug: string, failed: (error: Error) => void) {
  const { door } = useClient()
  return useAct<Host>({
    key: [...REACHES, slug],
    send: ({ host, state }) => door.send('PUT', `/connectors/reach/${slug}/${encodeURIComponent(host)}`, { body: { data: { attributes: { state } } }, accept: JSONAPI }),
    foresee: (held, asked) => (held as Host[]).map(one => (one.host === asked.host ? asked : one)),
    failed,
  }).mutate
}

/** Runs a source now. */
export function useLaunch() {
  const { door } = useClient()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (trigger: string) => door.send('POST', `/jobs/triggers/${trigger}/launch`, { accept: JSONAPI }),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
}

export interface Filled {
  konnector: Konnector
  fields: readonly Field[]
  values: Readonly<Record<string, string>>
  /** The account that is changed; a new one without. */
  account?: Account | undefined
  trigger?: string | undefined
}

/** Connects an account, or changes it; then it runs at once. */
export function useConnect() {
  const { door, documents } = useClient()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ konnector, fields, values, account, trigger }: Filled) => {
      const made = accountFor(konnector, fields, values)
      const kept = await documents.save<Partial<Account>>(ACCOUNTS, account ? { ...account, auth: { ...account.auth, ...made.auth }, state: null } : made)
      let id = trigger
      if (!id) {
        const body = { data: { attributes: triggerFor(konnector, kept._id) } }
        id = (await door.ask<{ data: { id: string } }>('POST', '/jobs/triggers', { body, accept: JSONAPI })).data.id
      }
      await door.send('POST', `/jobs/triggers/${id}/launch`, { accept: JSONAPI })
    },
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
}

/** Removes an account, and what ran it; that of a source of files only forgets. What it brought stays. */
export function useDisconnect(told: { done: () => void; failed: (error: Error) => void }) {
  const { door, documents } = useClient()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ account, triggers }: { account: Account; triggers: readonly string[] }) => {
      // One that is gone already is as it should be: the server removes those that can never run.
      const gone = (error: unknown) => {
        if (!(error instanceof Refused && error.status === 404)) throw error
      }
      for (const trigger of triggers) await door.send('DELETE', `/jobs/triggers/${trigger}`).catch(gone)
      // It may have changed since it was read: its connector writes into it.
      const now = await documents.get<Account>(ACCOUNTS, account._id)
      if (!now?._rev) return
      if (now.data?.source === 'files') await documents.save(ACCOUNTS, { ...now, data: { ...now.data, state: {} } })
      else await documents.remove(ACCOUNTS, { _id: now._id, _rev: now._rev })
    },
    // Said here, not where it is called: with the account, the panel that shows it may go.
    onSuccess: told.done,
    onError: told.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
}
