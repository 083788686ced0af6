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

const FIELDS = ['_id', '_rev', 'type', 'name', 'dir_id', 'size', 'mime', 'class', 'md5sum', 'created_at', 'updated_at', 'trashed', 'metadata', 'cozyMetadata']
const PAGE = 1000
const TOGETHER = 100
/** Addresses of thumbnails hold for ten minutes. */
const FRESH = 480_000
const CALM = 80

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
      do {
        const search = { selector: { class: 'image', trashed: false, 'metadata.datetime': { $gt: null } }, index: ['class', 'trashed', 'metadata.datetime'], descending: true, fields: FIELDS, limit: PAGE, bookmark, signal: stopper.signal }
        const page = await documents.find<Stored>(FILES, search)
        for (const doc of page.docs) {
          const photo = photoOf(doc)
          if (photo) found.set(photo.id, photo)
        }
        bookmark = page.next
        if (found.size >= known.current.size || !bookmark) {
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

/** Where thumbnails are to be had, asked for what is seen alone, a hundred together. */
export function useThumbnails(seen: readonly Photo[]): (photo: Photo) => Entry {
  const { files } = useClient()
  const known = useRef(new Map<string, { entry: Entry; at: number }>())
  const asked = useRef(new Set<string>())
  const drawn = useRef<ReturnType<typeof setTimeout>>(undefined)
  const [, show] = useState(0)
  const key = seen.map(photo => photo.id).join()
  useEffect(() => {
    const timer = setTimeout(() => {
      const old = Date.now() - FRESH
      const ids = key.split(',').filter(id => id && !asked.current.has(id) && (known.current.get(id)?.at ?? 0) < old)
      for (let at = 0; at < ids.length; at += TOGETHER) {
        const some = ids.slice(at, at + TOGETHER)
        for (const id of some) asked.current.add(id)
        files
          .some(some)
          .then(found => {
            for (const one of found) known.current.set(one.id, { entry: entryOf(one), at: Date.now() })
            show(now => now + 1)
          })
          .catch(() => undefined)
          .finally(() => {
            for (const id of some) asked.current.delete(id)
          })
      }
    }, CALM)
    return () => clearTimeout(timer)
  }, [key, files])
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
