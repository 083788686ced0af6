// A folder as the page holds it: read in big pages, the first one small so that it shows at once, then kept true by what
// realtime tells. Watched like a store; every change of it is a new `view`.
import type { FilePage, FileResource } from '@alcove/client'
import { compare, type Entry, entryOf, plainOf } from './model'

export interface View {
  /** Folders first, then by name. */
  entries: readonly Entry[]
  /** How many there will be once all are read. */
  count: number
  /** The folder itself; nothing for the trash, or before it is read. */
  folder: FileResource | undefined
  reading: boolean
  error: unknown
}

/** What was read of an entry, as it is to be shown: newer things may be known of it; nothing when it is gone. */
export type Sift = (read: Entry) => Entry | undefined

/** Reads pages of a folder: the first one without a cursor. */
export type Read = (cursor: string | undefined, limit: number, signal: AbortSignal) => Promise<FilePage>

const SHOWN = ['name', 'parent', 'size', 'mime', 'kind', 'updated', 'created', 'from', 'mark', 'turn'] as const
const FIRST = 200
const FURTHER = 500
/** How much longer a list has to be to be shown while it is read. */
const GROWN = 1.5
/** So many are found in a list one by one; more by looking through it once. */
const FEW = 4

export class Listing {
  private view: View = { entries: [], count: 0, folder: undefined, reading: true, error: undefined }
  private ids = new Map<string, Entry>()
  private readonly watchers = new Set<() => void>()
  private reader: AbortController | undefined
  /** What was put in since reading began: a page that was read before does not have it. */
  private came = new Map<string, Entry>()

  constructor(
    readonly id: string,
    private readonly read: Read,
    private readonly language: string,
    private readonly sift: Sift = read => read,
  ) {}

  readonly current = (): View => this.view

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  /** Reads the folder from its beginning; what was shown stays until what is new is there. */
  async load(): Promise<void> {
    this.reader?.abort()
    const { signal } = (this.reader = new AbortController())
    this.came = new Map()
    const fresh = this.view.entries.length > 0
    this.set({ reading: true, error: undefined })
    const found: Entry[] = []
    const known = new Set<string>()
    let shown = 0
    try {
      let page = await this.read(undefined, FIRST, signal)
      for (;;) {
        if (signal.aborted) return
        this.take(page.children, found, known)
        // A list that is shown is not cut down to its first page while it is read again; one that grows is not drawn anew
        // for each page of many.
        if (fresh ? !page.next : !page.next || found.length >= shown * GROWN) {
          shown = found.length
          this.keep(this.withCome(found), Math.max(page.count, found.length), page.folder)
        } else if (page.folder) this.set({ folder: page.folder })
        if (!page.next) break
        page = { ...(await this.read(page.next, FURTHER, signal)), count: page.count }
      }
      this.set({ reading: false, count: this.view.entries.length })
    } catch (error) {
      if (!signal.aborted) this.set({ reading: false, error })
    }
  }

  /** Adds a page to what was found. */
  private take(children: readonly FileResource[], found: Entry[], known: Set<string>): void {
    for (const child of children) {
      if (known.has(child.id)) continue
      known.add(child.id)
      const entry = this.sift(entryOf(child))
      if (entry?.parent !== this.id) continue
      // Now, page by page: the first letter of a filter has no time for twenty thousand names.
      plainOf(entry)
      found.push(entry)
    }
  }

  /** Ends reading: the folder is no longer looked at. */
  stop(): void {
    if (this.view.reading) this.reader?.abort()
  }

  /** Whether it was read to its end. */
  whole(): boolean {
    return !this.view.reading && this.view.error === undefined
  }

  readonly get = (id: string): Entry | undefined => this.ids.get(id)

  /** Puts entries in, or in place of what they were; those that lie elsewhere now go. */
  put(changed: readonly Entry[]): void {
    const coming = changed.filter(entry => entry.parent === this.id && !this.stands(entry))
    for (const entry of coming) this.came.set(entry.id, entry)
    this.replace(changed.filter(entry => entry.parent !== this.id).map(entry => entry.id), coming)
  }

  /** Takes entries out. */
  remove(ids: Iterable<string>): void {
    this.replace(ids, [])
  }

  private replace(ids: Iterable<string>, coming: readonly Entry[]): void {
    const leaving = [...ids]
    for (const id of leaving) this.came.delete(id)
    const moved = new Set([...leaving.filter(id => this.ids.has(id)), ...coming.map(entry => entry.id)])
    if (!moved.size) return
    const left = this.without([...moved].flatMap(id => this.ids.get(id) ?? []))
    for (const id of moved) this.ids.delete(id)
    for (const entry of coming) this.ids.set(entry.id, entry)
    this.show(merged(left, coming, this.language))
  }

  /** What is listed but these. */
  private without(leaving: readonly Entry[]): readonly Entry[] {
    const { entries } = this.view
    if (leaving.length <= FEW) {
      const places = leaving.map(entry => entries.indexOf(entry)).sort((a, b) => b - a)
      return places.reduce((left, at) => (at < 0 ? left : left.toSpliced(at, 1)), entries)
    }
    const gone = new Set(leaving)
    return entries.filter(entry => !gone.has(entry))
  }

  /** Whether an entry is shown as it is: then nothing has to be drawn anew. */
  private stands(entry: Entry): boolean {
    const shown = this.ids.get(entry.id)
    if (!shown || !alike(shown, entry)) return false
    shown.generation = entry.generation
    return true
  }

  private withCome(found: readonly Entry[]): readonly Entry[] {
    if (!this.came.size) return [...found]
    return merged(found.filter(entry => !this.came.has(entry.id)), [...this.came.values()], this.language)
  }

  /** Renews the folder's own name and place. */
  renamed(folder: FileResource): void {
    this.set({ folder })
  }

  private keep(entries: readonly Entry[], count: number, folder: FileResource | undefined): void {
    this.ids = new Map(entries.map(entry => [entry.id, entry]))
    this.show(entries, count, folder)
  }

  private show(entries: readonly Entry[], count?: number, folder?: FileResource): void {
    const change = entries.length - this.view.entries.length
    this.set({ entries, count: count ?? Math.max(entries.length, this.view.count + change), ...(folder && { folder }) })
  }

  private set(changes: Partial<View>): void {
    this.view = { ...this.view, ...changes }
    for (const watcher of this.watchers) watcher()
  }
}

/** Whether two say the same of an entry. */
function alike(a: Entry, b: Entry): boolean {
  return SHOWN.every(key => a[key] === b[key]) && a.pictures?.tiny === b.pictures?.tiny
}

/** A sorted list with some more in it, each in its place. */
export function merged(sorted: readonly Entry[], coming: readonly Entry[], language: string): readonly Entry[] {
  const placed = coming.toSorted((a, b) => compare(a, b, language)).map(entry => ({ entry, at: placeOf(sorted, entry, language) }))
  // From the end on: what was put in moves no place that is still to come.
  if (placed.length <= FEW) return placed.reduceRight((list, { entry, at }) => list.toSpliced(at, 0, entry), sorted)
  const found: Entry[] = []
  let from = 0
  const take = (to: number) => {
    for (; from < to; from += 1) found.push(sorted[from] as Entry)
  }
  for (const { entry, at } of placed) {
    take(at)
    found.push(entry)
  }
  take(sorted.length)
  return found
}

/** Where an entry belongs in a sorted list. */
function placeOf(sorted: readonly Entry[], entry: Entry, language: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (compare(sorted[middle] as Entry, entry, language) < 0) low = middle + 1
    else high = middle
  }
  return low
}
