// The queue of uploads of a page: three at once, with pause, cancel, retry, and a question where a name is taken. It
// knows nothing of how it is shown; whoever shows it watches `snapshot`.
import { Refused, Unreachable } from './errors'
import { type Files, nextFree, type Taken } from './files'
import type { Tree } from './tree'

export type UploadState = 'waiting' | 'sending' | 'asks' | 'paused' | 'done' | 'failed' | 'skipped'
/** What to do where a name is taken. */
export type Choice = 'both' | 'replace' | 'skip'

export interface Upload {
  readonly id: number
  readonly name: string
  /** The folders between the chosen place and it. */
  readonly path: readonly string[]
  readonly place: Place
  /** Place and path as one text: the same for all that lie together. */
  readonly key: string
  /** Nothing for a folder that is made because it was dropped empty. */
  readonly file: File | undefined
  readonly size: number
  sent: number
  state: UploadState
  /** Why it failed. */
  error?: Error | undefined
  /** What has its name already. */
  taken?: Taken | undefined
  choice?: Choice | undefined
  /** Where an upload in pieces is on the server, and how many of its bytes are there for good. */
  where?: string | undefined
  kept?: number | undefined
  /** It was skipped because the very same content has its name already. */
  same?: boolean | undefined
  /** It was not sent: its content was there under another name. */
  copied?: boolean | undefined
}

/** The folder into which something was dropped. */
export interface Place {
  id: string
  name: string
}

/** Where uploads go: `Files`, or a fake of it. */
export type Target = Pick<Files, 'taken' | 'makeFolder' | 'create' | 'replace' | 'room'> & Partial<Pick<Files, 'abandon' | 'same'>>

export interface Snapshot {
  /** All of them, in their order; the same array, so that a hundred thousand cost nothing. */
  items: readonly Upload[]
  counts: Readonly<Record<UploadState, number>>
  bytes: number
  sent: number
  /** Bytes in a second, of late; undefined while it cannot be told. */
  speed: number | undefined
  /** The server does not answer; it is asked again, and all goes on when it does. */
  away: boolean
}

const AT_ONCE = 3
/** How often a watcher is told at most, in milliseconds. */
const BEAT = 120
const SPEED_OVER = 5000
/** Names that are asked about together. */
const TOGETHER = 200
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 20_000
/** A connection that breaks so often, while the server answers, is no accident. */
const BREAKS = 3

/** From this size on it is asked first whether a file fits: a refusal is heard only after all bytes went out. */
const LARGE = 50_000_000

/** Up to this size the bytes of a file are read to see whether what has its name is the very same. */
const COMPARED = 1_000_000_000

/** From this size on it is asked whether the bytes are there under another name: a smaller file is sent sooner. */
const SOUGHT = 1_000_000

/** What the server may do better in a moment: faults of its own (but a full disk), and an upload that it still receives. */
const passing = (error: Error) =>
  error instanceof Unreachable || (error instanceof Refused && ((error.status >= 500 && error.status !== 507) || error.status === 423))

const COUNTS: Record<UploadState, number> = { waiting: 0, sending: 0, asks: 0, paused: 0, done: 0, failed: 0, skipped: 0 }
export const NOTHING: Snapshot = { items: [], counts: COUNTS, bytes: 0, sent: 0, speed: undefined, away: false }

const OVER = new Set<UploadState>(['done', 'skipped'])
/** What need not be sent again, as far as it is known here. */
const begun = (item: Upload) => (item.where ? Math.max(item.sent, item.kept ?? 0) : 0)
const keyOf = (place: string, path: readonly string[]) => [place, ...path].join('/')

const tooBig = (item: Upload) => new Refused(413, 'it does not fit', item.name)

export class Uploads {
  private items: Upload[] = []
  private readonly running = new Map<number, AbortController>()
  private readonly breaks = new Map<number, number>()
  private readonly watchers = new Set<() => void>()
  /** Folders by place and path, made or found once. */
  private readonly folders = new Map<string, Promise<string>>()
  /** What folders hold, as far as it was asked; one that was made here holds nothing else. */
  private readonly held = new Map<string, Map<string, Taken | undefined>>()
  private readonly made = new Set<string>()
  private shown: Snapshot = NOTHING
  private timer: ReturnType<typeof setTimeout> | undefined
  private probing: ReturnType<typeof setTimeout> | undefined
  private pause = FIRST_PAUSE
  private away = false
  /** Nothing before this place in the queue waits. */
  private first = 0
  private forAll: Choice | undefined
  private next = 0
  private samples: { at: number; sent: number }[] = []

  constructor(
    private readonly target: Target,
    /** Hears which folder got something. */
    private readonly arrived: (folder: string) => void = () => undefined,
    private readonly now: () => number = () => performance.now(),
  ) {}

  readonly snapshot = (): Snapshot => this.shown

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  /** Whether leaving the page would lose something. */
  busy(): boolean {
    return this.items.some(item => item.state === 'sending' || item.state === 'waiting' || item.state === 'asks')
  }

  /** Puts files and empty folders into the queue. */
  add(place: Place, tree: Pick<Tree, 'files' | 'empty'>): void {
    if (!this.busy()) {
      this.forAll = undefined
      // What folders held may have changed since the last time.
      this.forget()
    }
    for (const { path, file } of tree.files) this.put(place, path, file.name, file)
    for (const path of tree.empty) this.put(place, path.slice(0, -1), path.at(-1) ?? '', undefined)
    this.changed()
    this.pump()
  }

  private put(place: Place, path: readonly string[], name: string, file: File | undefined): void {
    this.next += 1
    this.items.push({ id: this.next, name, path, place, key: keyOf(place.id, path), file, size: file?.size ?? 0, sent: 0, state: 'waiting' })
  }

  /** Stops one, or all that is not over. A large file goes on later where it stopped, others begin anew. */
  hold(id?: number): void {
    for (const item of this.some(id)) {
      if (item.state !== 'waiting' && item.state !== 'sending') continue
      item.state = 'paused'
      item.sent = begun(item)
      this.running.get(item.id)?.abort()
    }
    this.changed()
  }

  /** Goes on with one, or with all that is paused. */
  resume(id?: number): void {
    this.renew(id, 'paused')
  }

  /** Tries one again, or all that failed. */
  retry(id?: number): void {
    this.renew(id, 'failed')
  }

  private renew(id: number | undefined, from: UploadState): void {
    for (const item of this.some(id)) {
      if (item.state !== from) continue
      Object.assign(item, { state: 'waiting', sent: begun(item), error: undefined })
      this.breaks.delete(item.id)
    }
    this.first = 0
    this.changed()
    this.reach()
  }

  /** Takes one out of the queue, or all that is not over. What has arrived stays. */
  cancel(id?: number): void {
    const ends = this.some(id).filter(item => !OVER.has(item.state))
    const gone = new Set(ends.map(item => item.id))
    this.items = this.items.filter(item => !gone.has(item.id))
    this.first = 0
    for (const one of gone) this.running.get(one)?.abort()
    // One that cannot be told to the server now is forgotten there after a week.
    for (const { where } of ends) if (where) void this.target.abandon?.(where).catch(() => undefined)
    if (id === undefined) this.settle()
    this.changed()
    this.pump()
  }

  /** Takes away what is over. */
  clear(): void {
    this.items = this.items.filter(item => !OVER.has(item.state) && item.state !== 'failed')
    this.first = 0
    this.changed()
  }

  /** Answers the question of one, and with `all` those that are still to come. */
  answer(id: number, choice: Choice, all = false): void {
    if (all) this.forAll = choice
    for (const item of this.items) {
      if (item.state !== 'asks' || (item.id !== id && !all)) continue
      // A folder's place cannot be taken by a file.
      item.choice = choice === 'replace' && item.taken?.kind === 'directory' ? 'both' : choice
      item.state = item.choice === 'skip' ? 'skipped' : 'waiting'
    }
    this.first = 0
    this.changed()
    this.pump()
  }

  /** Asks the server at once, where one would wait. */
  reach(): void {
    clearTimeout(this.probing)
    this.probing = undefined
    if (this.away) void this.probe()
    else this.pump()
  }

  private some(id: number | undefined): Upload[] {
    return id === undefined ? this.items : this.items.filter(item => item.id === id)
  }

  private settle(): void {
    this.away = false
    clearTimeout(this.probing)
    this.probing = undefined
    this.pause = FIRST_PAUSE
  }

  private pump(): void {
    let at = this.first
    for (; !this.away && at < this.items.length && this.running.size < AT_ONCE; at += 1) {
      const item = this.items[at]
      if (item?.state !== 'waiting') continue
      // One that was paused and goes on may still be on its way out: it is looked at again then.
      if (this.running.has(item.id)) break
      void this.run(item)
    }
    this.first = at
  }

  private again(item: Upload): void {
    item.state = 'waiting'
    this.first = 0
  }

  private async run(item: Upload): Promise<void> {
    const stopper = new AbortController()
    this.running.set(item.id, stopper)
    item.state = 'sending'
    this.changed()
    try {
      const folder = await this.folder(item.place.id, item.path)
      if (!stopper.signal.aborted) await this.send(item, folder, stopper.signal)
    } catch (error) {
      if (!stopper.signal.aborted) this.failed(item, error instanceof Error ? error : new Error(String(error)))
    } finally {
      this.running.delete(item.id)
      this.changed()
      this.pump()
    }
  }

  private async send(item: Upload, folder: string, signal: AbortSignal): Promise<void> {
    if (!item.file) {
      await this.folder(item.place.id, [...item.path, item.name])
      item.state = 'done'
      return
    }
    const taken = await this.holder(item, folder)
    if (signal.aborted) return
    if (taken && !item.choice) {
      item.taken = taken
      if (await this.isSame(item.file, taken, signal)) {
        if (!signal.aborted) Object.assign(item, { state: 'skipped', same: true })
        return
      }
      if (signal.aborted) return
      if (!this.forAll) item.state = 'asks'
      else {
        item.choice = this.forAll === 'replace' && taken.kind === 'directory' ? 'both' : this.forAll
        if (item.choice === 'skip') item.state = 'skipped'
        else this.again(item)
      }
      return
    }
    const room = item.size >= LARGE ? await this.target.room() : undefined
    if (signal.aborted) return
    if (room !== undefined && item.size > room) throw tooBig(item)
    const told = (bytes: number) => {
      if (signal.aborted) return
      item.sent = Math.min(bytes, item.size)
      this.changed()
    }
    const began = (where: string) => (item.where = where)
    const arrived = (bytes: number) => {
      // What came has come, whatever the connection does next.
      if (bytes > (item.kept ?? 0)) this.breaks.delete(item.id)
      item.kept = bytes
    }
    const sending = { signal, told, began, arrived }
    let { name } = item
    let id = taken?.id ?? ''
    try {
      const replaces = taken !== undefined && item.choice === 'replace'
      if (taken && !replaces) name = await this.free(folder, name)
      const copied = await this.copied(item, replaces ? { id } : { folder, name }, signal)
      if (signal.aborted) return
      if (copied) {
        id = copied.id
        item.copied = true
      } else if (replaces) await this.target.replace(id, item.file, sending)
      else id = (await this.target.create(folder, name, item.file, sending)).id
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409) throw error
      // Someone took the name meanwhile: look again, and ask.
      this.held.get(folder)?.delete(item.name)
      this.made.delete(folder)
      item.sent = begun(item)
      if (!signal.aborted) this.again(item)
      return
    }
    this.heldBy(folder).set(name, { id, kind: 'file' })
    item.sent = item.size
    if (!signal.aborted) item.state = 'done'
    this.arrived(folder)
  }

  /** The file that is made of bytes that are there under another name; nothing where it must be sent. */
  private async copied(item: Upload, goal: { folder: string; name: string } | { id: string }, signal: AbortSignal): Promise<{ id: string } | undefined> {
    const { file } = item
    if (!this.target.same || !file || item.where || file.size < SOUGHT || file.size > COMPARED) return undefined
    const { digestOf } = await import('./digest')
    const digest = await digestOf(file, signal)
    return signal.aborted ? undefined : this.target.same(goal, file, digest, signal)
  }

  /** Whether what has the name of a file holds the very same bytes: nothing has to be sent or asked then. */
  private async isSame(file: File, taken: Taken, signal: AbortSignal): Promise<boolean> {
    if (!taken.md5sum || taken.size !== file.size || file.size > COMPARED) return false
    const { digestOf } = await import('./digest')
    return (await digestOf(file, signal)) === taken.md5sum
  }

  private failed(item: Upload, error: Error): void {
    item.sent = begun(item)
    if (!passing(error)) {
      Object.assign(item, { state: 'failed', error })
      return
    }
    const count = (this.breaks.get(item.id) ?? 0) + 1
    this.breaks.set(item.id, count)
    this.again(item)
    item.error = error
    if (!this.away) {
      this.away = true
      // Once is chance: who answers is asked again at once. After that each time a little later.
      if (count === 1) void this.probe()
      else this.probing = setTimeout(() => void this.probe(), FIRST_PAUSE * count)
    }
  }

  /** Whether the server answers; if so all goes on. A server that refuses a big body may just close the connection. */
  private async probe(): Promise<void> {
    try {
      const room = await this.target.room()
      for (const item of this.items) {
        if (item.state !== 'waiting' || !this.breaks.has(item.id)) continue
        if (room !== undefined && item.size > room) {
          Object.assign(item, { state: 'failed', error: tooBig(item) })
        } else if ((this.breaks.get(item.id) ?? 0) >= BREAKS) item.state = 'failed'
      }
      this.settle()
      this.pump()
    } catch (error) {
      if (!(error instanceof Error && passing(error))) {
        for (const item of this.items) {
          if (item.state === 'waiting') Object.assign(item, { state: 'failed', error })
        }
        this.settle()
      } else if (this.away) {
        this.probing = setTimeout(() => void this.probe(), this.pause)
        this.pause = Math.min(this.pause * 2, LONGEST_PAUSE)
      }
    }
    this.changed()
  }

  /** The id of a folder below a place; made when it is not there. */
  private folder(place: string, path: readonly string[]): Promise<string> {
    if (!path.length) return Promise.resolve(place)
    const key = keyOf(place, path)
    const known = this.folders.get(key)
    if (known) return known
    const finding = this.findFolder(place, path).catch((error: unknown) => {
      this.folders.delete(key)
      throw error
    })
    this.folders.set(key, finding)
    return finding
  }

  private async findFolder(place: string, path: readonly string[]): Promise<string> {
    const parent = await this.folder(place, path.slice(0, -1))
    const wanted = path.at(-1) ?? ''
    const there = this.made.has(parent) ? undefined : (await this.target.taken(parent, [wanted])).get(wanted)
    if (there?.kind === 'directory') return there.id
    const name = there ? await this.free(parent, wanted) : wanted
    try {
      const { id } = await this.target.makeFolder(parent, name)
      this.made.add(id)
      this.arrived(parent)
      return id
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409) throw error
      const now = (await this.target.taken(parent, [name])).get(name)
      if (now?.kind === 'directory') return now.id
      throw error
    }
  }

  /** What has the name of an upload already. Names that wait for the same folder are asked about together. */
  private async holder(item: Upload, folder: string): Promise<Taken | undefined> {
    const known = this.heldBy(folder)
    if (known.has(item.name) || this.made.has(folder)) return known.get(item.name)
    const names = new Set([item.name])
    for (const other of this.items.slice(this.first, this.first + TOGETHER)) {
      if (other.state === 'waiting' && other.key === item.key && !known.has(other.name)) names.add(other.name)
    }
    const found = await this.target.taken(folder, [...names])
    for (const name of names) known.set(name, found.get(name))
    return known.get(item.name)
  }

  private heldBy(folder: string): Map<string, Taken | undefined> {
    const known = this.held.get(folder) ?? new Map<string, Taken | undefined>()
    this.held.set(folder, known)
    return known
  }

  private async free(folder: string, name: string): Promise<string> {
    let last = name
    for (;;) {
      const some: string[] = []
      for (let count = 0; count < 20; count += 1) {
        last = nextFree(last, one => one === last)
        some.push(last)
      }
      const found = await this.target.taken(folder, some)
      const first = some.find(one => !found.has(one))
      if (first !== undefined) return first
    }
  }

  private forget(): void {
    this.folders.clear()
    this.held.clear()
    this.made.clear()
  }

  private changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      this.show()
    }, BEAT)
  }

  private show(): void {
    const counts = { ...COUNTS }
    let bytes = 0
    let sent = 0
    for (const item of this.items) {
      counts[item.state] += 1
      if (item.state === 'skipped') continue
      bytes += item.size
      sent += item.sent
    }
    const speed = this.measured(sent, counts.sending > 0)
    this.shown = { items: this.items, counts, bytes, sent, speed, away: this.away }
    for (const watcher of this.watchers) watcher()
    // Speed and time left move on even when nothing is told.
    if (counts.sending) this.changed()
  }

  private measured(sent: number, sending: boolean): number | undefined {
    const at = this.now()
    const last = this.samples.at(-1)
    // What was paused or cancelled begins again at nothing.
    if (!sending || (last && sent < last.sent)) this.samples = []
    this.samples.push({ at, sent })
    while (this.samples.length > 2 && at - (this.samples[0]?.at ?? at) > SPEED_OVER) this.samples.shift()
    const first = this.samples[0]
    if (!first || at - first.at < 500) return undefined
    return ((sent - first.sent) * 1000) / (at - first.at)
  }
}
