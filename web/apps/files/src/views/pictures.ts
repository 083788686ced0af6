// The pictures of all folders, by the day on which they were taken. Pure but for the reading.
import { type Doc, FILES, useChanges, useClient } from '@alcove/client'
import { isoDay } from '@alcove/ui'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type Entry, entryOf, entryOfStored } from '../model'

export interface Photo {
  id: string
  entry: Entry
  /** The day, where the person is now. */
  day: string
  at: number
  /** Where it was taken: degrees north and east. */
  place: readonly [number, number] | undefined
}

interface Stored extends Doc {
  class?: string
  trashed?: boolean
  created_at?: string
  metadata?: { datetime?: string; gps?: { lat?: number; long?: number } }
}

/** What a grid needs of every picture; the rest is asked for with the thumbnails of those in sight. */
const FIELDS = ['_id', '_rev', 'type', 'name', 'dir_id', 'size', 'mime', 'class', 'md5sum', 'created_at', 'updated_at', 'trashed', 'metadata.datetime', 'metadata.gps', 'cozyMetadata.favorite']
/** A first page that fills a window is there soon; the others are as large as the server gives them. */
const FIRST = 120
const PAGE = 1000
const TOGETHER = 60
/** Questions for thumbnails on their way at once: what comes into sight meanwhile does not wait behind what left it. */
const LANES = 2
/** Thumbnails whose addresses are remembered. */
const KEPT = 3000
/** Addresses of thumbnails hold for ten minutes. */
const FRESH = 480_000
const CALM = 80
/** Milliseconds after which what was refused may be asked for again. */
const FAILED = 5000

export function photoOf(doc: Stored): Photo | undefined {
  const entry = doc.class === 'image' && !doc.trashed ? entryOfStored(doc) : undefined
  if (!entry) return undefined
  const at = Date.parse(doc.metadata?.datetime ?? doc.created_at ?? '') || 0
  const { lat, long } = doc.metadata?.gps ?? {}
  const placed = typeof lat === 'number' && typeof long === 'number' && Math.abs(lat) <= 90 && Math.abs(long) <= 180
  return { id: entry.id, entry, at, day: isoDay(new Date(at)), place: placed ? [lat, long] : undefined }
}

/** The latest first; of one moment by id. */
export const ordered = (photos: Iterable<Photo>): Photo[] => [...photos].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))

/** Where months and years begin among the lines of a grid, and how many pictures each holds. */
export interface Span {
  name: string
  at: number
  count: number
}

/** The years of a grid, the latest first, each with its months. */
export function yearsOf(lines: readonly Line[]): (Span & { months: Span[] })[] {
  const years: (Span & { months: Span[] })[] = []
  lines.forEach((line, at) => {
    if (!('day' in line)) return
    const [name, month] = [line.day.slice(0, -6), line.day.slice(0, -3)]
    let year = years.at(-1)
    if (year?.name !== name) years.push((year = { name, at, count: 0, months: [] }))
    let last = year.months.at(-1)
    if (last?.name !== month) year.months.push((last = { name: month, at, count: 0 }))
    year.count += line.count
    last.count += line.count
  })
  return years
}

export type Line = { day: string; count: number } | { photos: readonly Photo[] }

/** The lines of a grid: a heading for each day, then its pictures, so many beside one another. */
export function linesOf(photos: readonly Photo[], columns: number): Line[] {
  const lines: Line[] = []
  for (let at = 0; at < photos.length; ) {
    const day = photos[at]?.day ?? ''
    let end = at
    while (end < photos.length && photos[end]?.day === day) end += 1
    lines.push({ day, count: end - at })
    for (; at < end; at += columns) lines.push({ photos: photos.slice(at, Math.min(at + columns, end)) })
    at = end
  }
  return lines
}

/** Every picture there is; more come as they are read, and what changes elsewhere is taken in. */
export function usePhotos(): { photos: readonly Photo[]; reading: boolean; error: Error | undefined; again: () => void } {
  const { documents } = useClient()
  const known = useRef(new Map<string, Photo>())
  const [photos, setPhotos] = useState<readonly Photo[]>([])
  const [reading, setReading] = useState(true)
  const [error, setError] = useState<Error>()
  const [turn, setTurn] = useState(0)
  const again = useCallback(() => setTurn(now => now + 1), [])
  useEffect(() => {
    const stopper = new AbortController()
    const read = async () => {
      setReading(true)
      setError(undefined)
      const found = new Map<string, Photo>()
      let bookmark: string | undefined
      let shown = 0
      do {
        const limit = found.size ? PAGE : FIRST
        const search = { selector: { class: 'image', trashed: false, 'metadata.datetime': { $gt: null } }, index: ['class', 'trashed', 'metadata.datetime'], descending: true, fields: FIELDS, limit, bookmark, signal: stopper.signal }
        const page = await documents.find<Stored>(FILES, search)
        for (const doc of page.docs) {
          const photo = photoOf(doc)
          if (photo) found.set(photo.id, photo)
        }
        bookmark = page.next
        // The grid is laid out anew a few times, not for each page.
        if (!bookmark || (found.size >= known.current.size && found.size >= 2 * shown)) {
          shown = found.size
          known.current = found
          setPhotos(ordered(found.values()))
        }
      } while (bookmark && !stopper.signal.aborted)
      setReading(false)
    }
    read().catch((fault: unknown) => {
      if (stopper.signal.aborted) return
      setReading(false)
      setError(fault instanceof Error ? fault : new Error(String(fault)))
    })
    return () => stopper.abort()
  }, [documents, turn])
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  useChanges([FILES], {
    changed: change => {
      const photo = change.event === 'DELETED' ? undefined : photoOf(change.doc as Stored)
      if (photo) known.current.set(photo.id, photo)
      else if (!known.current.delete(change.id)) return
      timer.current ??= setTimeout(() => {
        timer.current = undefined
        setPhotos(ordered(known.current.values()))
      }, 300)
    },
    missed: again,
  })
  return { photos, reading, error, again }
}

/** Where thumbnails are to be had, asked for those in sight first and then for those that come next. */
export function useThumbnails(seen: readonly Photo[]): (photo: Photo) => Entry {
  const { files } = useClient()
  const known = useRef(new Map<string, { entry: Entry; at: number }>())
  const asked = useRef(new Set<string>())
  const wanted = useRef<readonly Photo[]>([])
  const lanes = useRef(0)
  const due = useRef<ReturnType<typeof setTimeout>>(undefined)
  const drawn = useRef<ReturnType<typeof setTimeout>>(undefined)
  const [, show] = useState(0)
  const key = seen.map(photo => photo.id).join()
  useEffect(() => {
    wanted.current = seen
    const ask = () => {
      due.current = undefined
      const old = Date.now() - FRESH
      while (lanes.current < LANES) {
        const ids = wanted.current.filter(({ id }) => !asked.current.has(id) && (known.current.get(id)?.at ?? 0) < old).slice(0, TOGETHER).map(photo => photo.id)
        if (!ids.length) return
        for (const id of ids) asked.current.add(id)
        lanes.current += 1
        files
          .some(ids)
          .then(found => {
            keep(known.current, found.map(entryOf))
            for (const id of ids) asked.current.delete(id)
            show(now => now + 1)
          })
          // What was refused is asked for again when it comes into sight again, not at once.
          .catch(() => setTimeout(() => ids.forEach(id => asked.current.delete(id)), FAILED))
          .finally(() => {
            lanes.current -= 1
            due.current ??= setTimeout(ask, 0)
          })
      }
    }
    // While the grid moves it is asked all the same, a few times a second, for what is in sight then.
    due.current ??= setTimeout(ask, known.current.size ? CALM : 0)
  }, [key, files])
  useEffect(() => () => clearTimeout(due.current), [])
  useChanges(['io.cozy.files.thumbnails'], {
    changed: ({ id }) => {
      const one = known.current.get(id)
      if (!one) return
      known.current.set(id, { ...one, entry: { ...one.entry, turn: one.entry.turn + 1 } })
      drawn.current ??= setTimeout(() => {
        drawn.current = undefined
        show(now => now + 1)
      }, 300)
    },
    missed: () => undefined,
  })
  useEffect(() => () => clearTimeout(drawn.current), [])
  return useMemo(() => (photo: Photo) => known.current.get(photo.id)?.entry ?? photo.entry, [])
}

/** Remembers these, and forgets those that were asked for longest ago. */
function keep(known: Map<string, { entry: Entry; at: number }>, entries: readonly Entry[]): void {
  for (const entry of entries) {
    known.delete(entry.id)
    known.set(entry.id, { entry, at: Date.now() })
  }
  for (const id of known.keys()) {
    if (known.size <= KEPT) return
    known.delete(id)
  }
}
