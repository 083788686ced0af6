// What the page asks of the server.
import { useAct, useClient, useFresh } from '@alcove/client'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type Asked, type Connection, queryOf, type Sums } from './model'

const EGRESS = 'org.alcove.egress'
const JSONAPI = 'application/vnd.api+json'
const KEY = ['egress']
const BLOCKED = [...KEY, 'blocked']
const PAGE = 100

interface Page {
  data: { id: string; attributes: Omit<Connection, 'id'> }[]
  links?: { next?: string }
}

/** The connections that fit, the newest first, a hundred at a time. */
export function useConnections(asked: Asked) {
  const { door } = useClient()
  useFresh([EGRESS], [...KEY, 'lines'])
  return useInfiniteQuery({
    queryKey: [...KEY, 'lines', asked],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...queryOf(asked), 'page[limit]': PAGE, 'page[cursor]': pageParam }
      const said = await door.ask<Page>('GET', '/egress', { query, accept: JSONAPI, signal })
      const next = said.links?.next ? new URL(said.links.next, door.origin).searchParams.get('page[cursor]') : undefined
      return { connections: said.data.map(({ id, attributes }): Connection => ({ ...attributes, id })), next: next ?? undefined }
    },
    getNextPageParam: page => page.next,
    placeholderData: keepPreviousData,
  })
}

/** The sums of what fits. */
export function useSums(asked: Asked) {
  const { door } = useClient()
  useFresh([EGRESS], [...KEY, 'sums'])
  return useQuery({
    queryKey: [...KEY, 'sums', asked],
    queryFn: async ({ signal }) =>
      (await door.ask<{ data: { attributes: Sums } }>('GET', '/egress/sums', { query: queryOf(asked), accept: JSONAPI, signal })).data.attributes,
    placeholderData: keepPreviousData,
  })
}

/** The hosts that nothing is sent to. */
export function useBlocked() {
  const { door } = useClient()
  return useQuery({
    queryKey: BLOCKED,
    queryFn: async ({ signal }) => (await door.ask<{ data: { id: string }[] }>('GET', '/egress/blocked', { accept: JSONAPI, signal })).data.map(({ id }) => id),
  })
}

export interface Verdict {
  host: string
  blocked: boolean
}

/** Forbids a host, or lets it be asked again; shown at once, and taken back when the server refuses. */
export function useBlocking(done: (verdict: Verdict) => void, failed: (error: Error) => void) {
  const { door } = useClient()
  return useAct<Verdict>({
    key: BLOCKED,
    send: ({ host, blocked }) => door.send(blocked ? 'PUT' : 'DELETE', `/egress/blocked/${encodeURIComponent(host)}`, { accept: JSONAPI }),
    foresee: (held, { host, blocked }) => {
      const others = (held as string[]).filter(one => one !== host)
      return blocked ? [...others, host].sort() : others
    },
    done,
    failed,
  }).mutate
}

/** What the sources are called, by their slug. */
export function useSourceNames(language: string) {
  const { documents } = useClient()
  return useQuery({
    queryKey: [...KEY, 'sources'],
    queryFn: ({ signal }) => documents.all<{ _id: string; slug: string; name: string; locales?: Record<string, { name?: string }> }>('io.cozy.konnectors', signal),
    select: found => new Map(found.map(one => [one.slug, one.locales?.[language]?.name ?? one.name])),
    meta: { quiet: true },
  })
}

/** The file of all lines that fit. */
export function useExport() {
  const { door } = useClient()
  return async (asked: Asked): Promise<Blob> => (await door.send('GET', '/egress/export', { query: queryOf(asked) })).blob()
}
