// What Files asks of the server, and what it keeps of the answers.
import { type Change, type Client, type FileResource, type Files, Refused, ROOT, useChanges, useClient } from '@alcove/client'
import { useLanguage } from '@alcove/ui'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { Listing, View } from './listing'
import { entryOf, entryOfStored } from './model'
import { Shelf } from './shelf'

const DOCTYPE = 'io.cozy.files'
const THUMBNAILS = 'io.cozy.files.thumbnails'
/** Changes that come together are shown together. */
const CALM = 200
const PICTURED = new Set(['image', 'pdf'])
const ASKED_AT_ONCE = 100

let shelf: { of: Client; shelf: Shelf } | undefined

/** The shelf of this page: one, whatever is shown. */
export function useShelf(): Shelf {
  const client = useClient()
  const language = useLanguage()
  if (shelf?.of !== client) shelf = { of: client, shelf: new Shelf(client.files, language) }
  return shelf.shelf
}

/** A folder and what is known of it now. */
export function useListing(id: string): [Listing, View] {
  const shelf = useShelf()
  const listing = useMemo(() => shelf.open(id), [shelf, id])
  return [listing, useSyncExternalStore(listing.watch, listing.current)]
}

/** Keeps all that is shown true while things change elsewhere. */
export function useLive(current: string): void {
  const shelf = useShelf()
  const { files } = useClient()
  const queries = useQueryClient()
  const buffer = useRef<Change[]>([])
  const drawn = useRef(new Set<string>())
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const flush = () => {
    const changes = buffer.current.splice(0)
    const pictured = [...drawn.current]
    drawn.current.clear()
    timer.current = undefined
    if (changes.length) apply(shelf, files, queries, changes)
    shelf.drawn(pictured)
  }
  const missed = () => {
    shelf.renew(current)
    void queries.invalidateQueries({ queryKey: ['files'] })
  }
  useChanges([DOCTYPE], {
    changed: change => {
      buffer.current.push(change)
      timer.current ??= setTimeout(flush, CALM)
    },
    missed,
  })
  useChanges([THUMBNAILS], {
    changed: ({ id }) => {
      drawn.current.add(id)
      timer.current ??= setTimeout(flush, CALM)
    },
    missed: () => undefined,
  })
}

function apply(shelf: Shelf, files: Files, queries: QueryClient, changes: readonly Change[]): void {
  const latest = new Map(changes.map(change => [change.id, change]))
  const living = [...latest.values()].filter(change => change.event !== 'DELETED')
  const entries = living.flatMap(change => entryOfStored(change.doc) ?? [])
  const gone = [...latest.values()].filter(change => change.event === 'DELETED').map(change => change.id)
  shelf.tell(entries)
  shelf.gone(gone)
  const unpictured = entries.flatMap(({ id }) => shelf.get(id) ?? []).filter(entry => PICTURED.has(entry.kind) && !entry.pictures)
  void pictures(shelf, files, unpictured.map(entry => entry.id)).catch(() => undefined)
  const ids = new Set(latest.keys())
  void queries.invalidateQueries({ predicate: ({ queryKey: [first, , id] }) => first === 'files' && typeof id === 'string' && ids.has(id) })
  const folders = entries.filter(entry => entry.folder)
  if (folders.length || gone.length) {
    void queries.invalidateQueries({ queryKey: ['files', 'trail'] })
    void queries.invalidateQueries({ queryKey: ['files', 'folders'] })
  }
}

/** Where pictures of new files are to be had: realtime does not say. */
async function pictures(shelf: Shelf, files: Files, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += ASKED_AT_ONCE) {
    shelf.tell((await files.some(ids.slice(at, at + ASKED_AT_ONCE))).map(entryOf))
  }
}

/** A file with its old versions; null when it is not there any more. */
export function useFile(id: string | undefined) {
  const { files } = useClient()
  return useQuery({
    queryKey: ['files', 'one', id],
    queryFn: async ({ signal }) => {
      try {
        return await files.get(id ?? '', signal)
      } catch (error) {
        if (error instanceof Refused && error.status === 404) return null
        throw error
      }
    },
    enabled: id !== undefined,
  })
}

const LONG = 300_000
const DEEPEST = 512

async function folderOf(files: Files, queries: QueryClient, id: string): Promise<FileResource> {
  return queries.fetchQuery({
    queryKey: ['files', 'folder', id],
    queryFn: async ({ signal }) => (await files.get(id, signal)).file,
    staleTime: LONG,
  })
}

export interface Step {
  id: string
  name: string
}

/** The folders from the root down to this one; the root has no name. */
export function useTrail(folder: FileResource | undefined) {
  const { files } = useClient()
  const queries = useQueryClient()
  return useQuery({
    queryKey: ['files', 'trail', folder?.id, folder?.attributes.path],
    queryFn: async (): Promise<Step[]> => {
      const steps: Step[] = []
      let one = folder
      while (one && steps.length < DEEPEST) {
        steps.unshift({ id: one.id, name: one.attributes.name })
        if (one.id === ROOT || !one.attributes.dir_id) break
        one = await folderOf(files, queries, one.attributes.dir_id)
      }
      return steps
    },
    enabled: folder !== undefined,
    staleTime: LONG,
  })
}

/** The folders directly in a folder. */
export function useFolders(id: string, enabled: boolean) {
  const { files } = useClient()
  return useQuery({
    queryKey: ['files', 'folders', id],
    queryFn: async ({ signal }) => (await files.folders(id, signal)).map(entryOf),
    enabled,
  })
}

export interface Bill {
  _id: string
  vendor?: string
  amount?: number
  currency?: string
  date?: string
}

/** The bills among what refers to a file. */
export function useBills(ids: readonly string[]) {
  const { documents } = useClient()
  return useQuery({
    queryKey: ['files', 'bills', ids.join()],
    queryFn: async ({ signal }) => {
      const found = await Promise.all(ids.map(id => documents.get<Bill & { _id: string }>('io.cozy.bills', id, signal)))
      return found.filter(bill => bill !== undefined)
    },
    enabled: ids.length > 0,
    meta: { quiet: true },
  })
}
