import type { FilePage, FileResource } from '@alcove/client'
import { expect, test } from 'vitest'
import { Listing, type Read, type Sift } from './listing'
import { type Entry, entryOf } from './model'

const resource = (name: string, parent = 'p', type: 'file' | 'directory' = 'file'): FileResource => ({ id: name, attributes: { type, name, dir_id: parent } })
const entry = (name: string, parent = 'p'): Entry => entryOf(resource(name, parent))
const names = (listing: Listing) => listing.current().entries.map(one => one.name)

/** Pages of these names, two at a time. */
const pages = (all: string[]): Read => (cursor = '0') => {
  const at = Number(cursor)
  const next = at + 2 < all.length ? String(at + 2) : undefined
  const page: FilePage = { children: all.slice(at, at + 2).map(name => resource(name)), count: all.length, next }
  return Promise.resolve(page)
}

async function listed(...all: string[]): Promise<Listing> {
  const listing = new Listing('p', pages(all), 'en')
  await listing.load()
  return listing
}

test('a folder is read to its end, page after page', async () => {
  const listing = await listed('a', 'b', 'c', 'd', 'e')
  expect(names(listing)).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(listing.current()).toMatchObject({ reading: false, count: 5 })
})

test('what comes stands in its place, folders first', async () => {
  const listing = await listed('a', 'c', 'e')
  listing.put([entry('d'), entry('b'), entryOf(resource('z', 'p', 'directory'))])
  expect(names(listing)).toEqual(['z', 'a', 'b', 'c', 'd', 'e'])
})

test('what is renamed moves, what is moved elsewhere goes', async () => {
  const listing = await listed('a', 'b', 'c')
  listing.put([{ ...entry('a'), name: 'd' }, entry('b', 'other')])
  expect(names(listing)).toEqual(['c', 'd'])
  expect(listing.current().count).toBe(2)
})

test('what is of another folder changes nothing', async () => {
  const listing = await listed('a')
  const before = listing.current()
  listing.put([entry('x', 'other')])
  listing.remove(['y'])
  expect(listing.current()).toBe(before)
})

/** A folder whose later pages wait until `go` is called. */
function slow(all: string[], sift?: Sift): { listing: Listing; go: () => void; loading: Promise<void> } {
  let go = () => undefined as void
  const gate = new Promise<void>(resolve => (go = resolve))
  const read = pages(all)
  const listing = new Listing('p', async (cursor, limit, signal) => {
    if (cursor !== undefined) await gate
    return read(cursor, limit, signal)
  }, 'en', sift)
  return { listing, go, loading: listing.load() }
}

test('what newer things are known of is not shown as it was read', async () => {
  const known: Record<string, Entry | undefined> = { b: { ...entry('b'), name: 'x' }, c: entry('c', 'other'), d: undefined }
  const { listing, go, loading } = slow(['a', 'b', 'c', 'd'], read => (read.id in known ? known[read.id] : read))
  go()
  await loading
  expect(names(listing)).toEqual(['a', 'x'])
})

test('what came while the folder is read stays, though its page was read before', async () => {
  const { listing, go, loading } = slow(['a', 'c', 'd'])
  await Promise.resolve()
  listing.put([entry('b'), entry('e')])
  listing.remove(['e'])
  go()
  await loading
  expect(names(listing)).toEqual(['a', 'b', 'c', 'd'])
})

test('what stays as it is draws nothing anew', async () => {
  const listing = await listed('a', 'b')
  const before = listing.current()
  listing.put([{ ...entry('a'), generation: 7 }])
  expect(listing.current()).toBe(before)
  expect(listing.get('a')?.generation).toBe(7)
})

test('a page that fails leaves what was read, and says why', async () => {
  const read = pages(['a', 'b', 'c'])
  const listing = new Listing('p', (cursor, limit, signal) => (cursor === undefined ? read(cursor, limit, signal) : Promise.reject(new Error('gone'))), 'en')
  await listing.load()
  expect(names(listing)).toEqual(['a', 'b'])
  expect(listing.current()).toMatchObject({ reading: false, error: new Error('gone') })
})
