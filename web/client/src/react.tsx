// The client inside React: one client per page, changes that show at once and are taken back when they are refused.
import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useEffect, useRef } from 'react'
import { Documents } from './documents'
import { Door } from './door'
import { Files } from './files'
import type { Page } from './page'
import { type Listener, Realtime } from './realtime'

export interface Client {
  page: Page
  door: Door
  documents: Documents
  files: Files
  realtime: Realtime
}

/** The client of a page. */
export function clientOf(page: Page): Client {
  const door = new Door(page)
  return { page, door, documents: new Documents(door), files: new Files(door), realtime: new Realtime(door) }
}

const Holder = createContext<Client | undefined>(undefined)

export function ClientProvider({ client, children }: { client: Client; children: ReactNode }) {
  return <Holder value={client}>{children}</Holder>
}

/** The client of this page. */
export function useClient(): Client {
  const client = use(Holder)
  if (!client) throw new Error('useClient needs a ClientProvider above it')
  return client
}

/** Calls `listener` for changes of these kinds, as long as the component is there. */
export function useChanges(doctypes: readonly string[], listener: Listener): void {
  const { realtime } = useClient()
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  const kinds = doctypes.join()
  useEffect(() => {
    const relay: Listener = { changed: change => latest.current.changed(change), missed: () => latest.current.missed() }
    const stops = kinds.split(',').map(kind => realtime.listen(kind, relay))
    return () => {
      for (const stop of stops) stop()
    }
  }, [realtime, kinds])
}

const CALM = 400

/** Reads queries anew soon after documents of these kinds changed: once for a burst of changes. */
export function useFresh(doctypes: readonly string[], key: QueryKey): void {
  const queries = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const soon = () => {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => void queries.invalidateQueries({ queryKey: key }), CALM)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  useChanges(doctypes, { changed: soon, missed: soon })
}

export interface Act<V> {
  /** Tells the server. */
  send: (asked: V) => Promise<unknown>
  /** The queries that show what changes. */
  key: QueryKey
  /** What one of those queries holds once the change is made; the same object when it is not concerned. */
  foresee: (held: unknown, asked: V, key: QueryKey) => unknown
  /** The queries that are read anew once it is done; those of `key` where it is not said. */
  stale?: (asked: V) => readonly QueryKey[]
  done?: (asked: V) => void
  failed?: (error: Error, asked: V) => void
}

/** A change that shows at once; when the server refuses, what was there comes back. */
export function useAct<V>({ send, key, foresee, stale, done, failed }: Act<V>) {
  const queries = useQueryClient()
  return useMutation<unknown, Error, V, [QueryKey, unknown][]>({
    mutationFn: send,
    onMutate: async asked => {
      await queries.cancelQueries({ queryKey: key })
      const before = queries.getQueriesData({ queryKey: key })
      for (const [one, held] of before) if (held !== undefined) queries.setQueryData(one, foresee(held, asked, one))
      return before
    },
    onError: (error, asked, before) => {
      for (const [one, held] of before ?? []) queries.setQueryData(one, held)
      failed?.(error, asked)
    },
    onSuccess: (_, asked) => done?.(asked),
    // Another change may still be on its way: reading now would show what it has already changed as it was.
    onSettled: (_, __, asked) => {
      if (queries.isMutating() > 1) return
      for (const one of stale?.(asked) ?? [key]) void queries.invalidateQueries({ queryKey: one })
    },
  })
}
