// Whether the page as a whole is in trouble: nobody answers, or the session has ended. Heard from every query.
import { Unreachable } from '@alcove/client'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { kindOf } from './states'

let trouble: Error | undefined
/** When the server answered last, in milliseconds since 1970; 0 before it ever did. */
let answered = 0
const watchers = new Set<() => void>()

function set(error: Error | undefined): void {
  if (error?.name === trouble?.name) return
  trouble = error
  for (const watcher of watchers) watcher()
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** Notes that what is shown was read at that moment, and not since. */
export function readAt(moment: number): void {
  answered = Math.max(answered, moment)
}

/** When the server answered last; undefined before it ever did. */
export function lastAnswer(): Date | undefined {
  return answered ? new Date(answered) : undefined
}

/** Notes that the page itself was not answered by the server, but by what was kept of it. */
export function notAnswered(): void {
  set(new Unreachable('this page is the one that was kept'))
}

const well = () => {
  readAt(Date.now())
  set(undefined)
}

/** Calls `listener` when the session turns out to be over. */
export function onSessionEnd(listener: () => void): void {
  watchers.add(() => {
    if (trouble && kindOf(trouble) === 'session') listener()
  })
}

/** What keeps the whole page from going on; undefined when all is well. */
export function useTrouble(): Error | undefined {
  return useSyncExternalStore(watch, () => trouble)
}

const heard = (error: Error, quiet: unknown) => {
  const kind = kindOf(error)
  if ((kind === 'unreachable' || kind === 'session') && !quiet) set(error)
}

const FRESH = 30_000
const LONGEST = 15_000
const RAREST = 120_000

/** How long to wait before a silent server is asked again: the longer it has been silent, the longer. */
export function patience(silent: number): number {
  return Math.min(Math.max(LONGEST, silent / 4), RAREST)
}

/** The store of what was read. A server that does not answer is asked again for a while; a refusal is not. */
export function queryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => heard(error, query.meta?.quiet), onSuccess: well }),
    mutationCache: new MutationCache({ onError: error => heard(error, false), onSuccess: well }),
    defaultOptions: {
      queries: {
        staleTime: FRESH,
        retry: (count, error) => error instanceof Unreachable && count < 2,
        retryDelay: count => Math.min(1000 * 2 ** count, LONGEST),
        // While nobody answers, what is shown asks again by itself; a page that works is told by realtime.
        refetchInterval: ({ state }) => (state.error instanceof Unreachable ? patience(Date.now() - answered) : false),
        refetchOnReconnect: true,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}
