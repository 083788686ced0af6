// What was seen last, kept in this browser for when the server does not answer; gone with the session.
import { notAnswered, onSessionEnd, readAt } from '@alcove/ui'
import { dehydrate, type DehydratedState, hydrate, type QueryClient } from '@tanstack/react-query'

/** The worker keeps the page in the same place, so that one removal takes all. */
const CACHE = 'seen'
const ENTRY = '/seen.json'
const CALM = 1500
/** The name of this script changes with every build. */
const BUILD = import.meta.url
/** Older than this, what was seen says nothing any more. */
const KEPT = 7 * 24 * 3600_000
/** Bytes at the most: Home shows the newest of everything, never all of it. */
const LIMIT = 2_000_000

export interface Seen {
  at: number
  /** Which build read it: another one may hold other things under the same names. */
  build: string
  state: DehydratedState
}

/** What was kept, when it is still worth showing. */
export function readSeen(text: string, build: string, now: number): Seen | undefined {
  try {
    const seen = JSON.parse(text) as Partial<Seen> | null
    if (typeof seen?.at !== 'number' || seen.at > now || now - seen.at > KEPT || !seen.state || seen.build !== build) return undefined
    return { at: seen.at, build, state: seen.state }
  } catch {
    return undefined
  }
}

/** What the page holds now, as text; undefined when there is nothing or too much. */
export function seenText(queries: QueryClient, build: string, now: number): string | undefined {
  const state = dehydrate(queries, { shouldDehydrateQuery: query => query.state.data !== undefined, shouldDehydrateMutation: () => false })
  const text = JSON.stringify({ at: now, build, state } satisfies Seen)
  return state.queries.length && text.length < LIMIT ? text : undefined
}

/** Puts back what was seen last, and keeps what is read from now on. Does nothing where browsers keep nothing (http). */
export async function recall(queries: QueryClient): Promise<void> {
  if (!('caches' in window)) return
  try {
    const cache = await caches.open(CACHE)
    const kept = await (await cache.match(ENTRY))?.text()
    const seen = kept === undefined ? undefined : readSeen(kept, BUILD, Date.now())
    if (seen) {
      hydrate(queries, seen.state)
      readAt(seen.at)
    }
    // A page that the worker kept says so: then nothing of this is fresh, however short ago it was read.
    if (document.getElementById('root')?.dataset.kept) {
      notAnswered()
      await queries.invalidateQueries()
    }
    remember(queries)
  } catch {
    // A browser that keeps nothing (private, or full) is no reason to show nothing.
  }
}

function remember(queries: QueryClient): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false
  const write = async () => {
    const text = seenText(queries, BUILD, Date.now())
    if (over || text === undefined) return
    const cache = await caches.open(CACHE)
    if (!over) await cache.put(ENTRY, new Response(text, { headers: { 'Content-Type': 'application/json' } }))
  }
  queries.getQueryCache().subscribe(event => {
    if (event.type !== 'updated' || event.action.type !== 'success') return
    clearTimeout(timer)
    timer = setTimeout(() => void write().catch(() => undefined), CALM)
  })
  const forget = () => {
    over = true
    clearTimeout(timer)
    void caches.delete(CACHE)
  }
  onSessionEnd(forget)
  window.addEventListener('pagehide', () => clearTimeout(timer))
}

/** Lets the worker hold the page ready. Home alone has one: it is the app that is installed. */
export function holdReady(domain: string): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const assets = `${window.location.protocol}//${domain}/assets/alcove/`
  const begun = navigator.serviceWorker.register(`/worker.js?assets=${encodeURIComponent(assets)}`)
  begun.then(
    registration => document.addEventListener('visibilitychange', () => void (document.hidden || registration.update().catch(() => undefined))),
    // Without it Home works as the other apps do.
    () => undefined,
  )
}
