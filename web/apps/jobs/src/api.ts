// What the page asks of the server.
import { useClient, useFresh } from '@alcove/client'
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Job, live, type Trigger } from './model'

const JOBS = 'io.cozy.jobs'
const TRIGGERS = 'io.cozy.triggers'
const JSONAPI = 'application/vnd.api+json'
const KEY = ['jobs']
const PAGE = 50
/** While something runs it is asked for, too: a socket may be kept away by a proxy. */
const WATCH = 3000

/** The jobs, the newest first, fifty at a time; `failed`: those alone that failed. */
export function useJobs(failed: boolean) {
  const { documents } = useClient()
  useFresh([JOBS], [...KEY, 'ran'])
  return useInfiniteQuery({
    queryKey: [...KEY, 'ran', failed],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const queued = { queued_at: { $gt: null } }
      const search = failed ? { selector: { state: 'errored', ...queued }, index: ['state', 'queued_at'] } : { selector: queued, index: ['queued_at'] }
      return documents.find<Job>(JOBS, { ...search, descending: true, limit: PAGE, bookmark: pageParam, signal })
    },
    getNextPageParam: page => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: query => (query.state.data?.pages.some(page => page.docs.some(live)) ? WATCH : false),
  })
}

interface TriggerSaid {
  id: string
  attributes: {
    type: string
    arguments?: string
    worker: string
    message?: unknown
    current_state?: { status?: string; last_error?: string; last_execution?: string }
  }
}

/** What starts jobs by itself. */
export function useTriggers() {
  const { door } = useClient()
  useFresh([TRIGGERS, JOBS], [...KEY, 'triggers'])
  return useQuery({
    queryKey: [...KEY, 'triggers'],
    queryFn: async ({ signal }) =>
      (await door.ask<{ data: TriggerSaid[] }>('GET', '/jobs/triggers', { accept: JSONAPI, signal })).data.map(
        ({ id, attributes: { type, worker, message, arguments: said = '', current_state: now = {} } }): Trigger => ({
          id,
          type,
          worker,
          message,
          arguments: said,
          status: now.status ?? '',
          error: now.status === 'errored' ? (now.last_error ?? '') : '',
          last: now.last_execution ?? '',
        }),
      ),
  })
}

/** What apps and sources are called, by their slug. */
export function useNamesOf(language: string) {
  const { documents } = useClient()
  return useQuery({
    queryKey: [...KEY, 'names'],
    queryFn: async ({ signal }) => {
      const kinds = ['io.cozy.konnectors', 'io.cozy.apps']
      return (await Promise.all(kinds.map(kind => documents.all<{ _id: string; slug: string; name: string; locales?: Record<string, { name?: string }> }>(kind, signal)))).flat()
    },
    select: found => new Map(found.map(one => [one.slug, one.locales?.[language]?.name ?? one.name])),
    meta: { quiet: true },
  })
}

export type Again = { trigger: string } | { worker: string; message: unknown }

/** Runs something again, or for the first time. */
export function useAgain(done: () => void, failed: (error: Error) => void) {
  const { door } = useClient()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (again: Again) => {
      if ('trigger' in again) return door.send('POST', `/jobs/triggers/${again.trigger}/launch`, { accept: JSONAPI })
      const body = { data: { attributes: { arguments: again.message, manual: true, options: {} } } }
      return door.send('POST', `/jobs/queue/${again.worker}`, { body, accept: JSONAPI })
    },
    onSuccess: done,
    onError: failed,
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
}
