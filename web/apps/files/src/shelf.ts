// The folders that the page holds, and the one way in which they change: what the server tells, and what a person does.
import { type Files, TRASH } from '@alcove/client'
import { Listing } from './listing'
import type { Entry } from './model'
import { type Foresee, News } from './news'
import { Turns } from './turns'

/** Folders that are kept when one goes on to another: Back shows them at once. */
const KEPT = 6

export class Shelf {
  /** The folders that are kept, the one looked at last at the end. */
  private readonly kept = new Map<string, Listing>()
  private readonly news = new News()
  private readonly turns = new Turns()

  constructor(
    private readonly files: Pick<Files, 'open' | 'more'>,
    private readonly language: string,
  ) {}

  /** The folder, read if it was not. */
  open(id: string): Listing {
    const known = this.kept.get(id)
    if (known) this.kept.delete(id)
    const listing = known ?? new Listing(id, (cursor, limit, signal) => this.read(id, cursor, limit, signal), this.language, read => this.news.sift(read))
    this.kept.set(id, listing)
    for (const [old, one] of this.kept) {
      if (this.kept.size <= KEPT) break
      one.stop()
      this.kept.delete(old)
    }
    if (!known || known.current().error !== undefined) void listing.load()
    return listing
  }

  /** An entry of any folder that is kept. */
  get(id: string): Entry | undefined {
    for (const listing of this.kept.values()) {
      const entry = listing.get(id)
      if (entry) return entry
    }
    return undefined
  }

  /** The path of a folder, where it is kept. */
  path(folder: string): string | undefined {
    return this.kept.get(folder)?.current().folder?.attributes.path
  }

  /** Takes what the server says of entries, now or a while ago. */
  tell(entries: readonly Entry[]): void {
    for (const entry of entries) this.news.hear(entry, this.get(entry.id))
    this.show(entries.map(entry => entry.id))
  }

  /** Takes it that pictures of these were made: those that were not there are asked for again. */
  drawn(ids: readonly string[]): void {
    for (const id of ids) this.news.drawn(id, this.get(id))
    this.show(ids)
  }

  /** Takes it that these are gone for ever. */
  gone(ids: readonly string[]): void {
    for (const id of ids) this.news.gone(id)
    this.show(ids)
  }

  /** Takes it that the trash is empty. */
  emptied(): void {
    const trash = this.kept.get(TRASH)
    if (!trash) return
    this.gone(trash.current().entries.map(entry => entry.id))
    void trash.load()
  }

  /**
   * Shows at once what entries become, and tells the server by `send` when their turn has come: what a person does with
   * the same entries, or in the same folder `into`, is done in that order. `send` answers those that were changed; what
   * was not becomes again what it was. Raises what `send` raises.
   */
  async act<E extends readonly Entry[]>(entries: readonly Entry[], foresee: Foresee, send: () => Promise<E>, into?: string): Promise<E> {
    const mine: Foresee = entry => foresee(entry)
    const ids = entries.map(entry => entry.id)
    for (const entry of entries) this.news.ask(entry, mine)
    this.show(ids)
    try {
      return await this.turns.take(into === undefined ? ids : [...ids, into], async () => {
        const before = new Map(ids.map(id => [id, this.news.generation(id)]))
        const done = await send()
        for (const { id } of done) this.news.done(id, mine, before.get(id) ?? 0)
        return done
      })
    } finally {
      for (const id of ids) this.news.over(id, mine)
      this.show(ids)
    }
  }

  /** Something may have been missed: what is not looked at is forgotten, what is looked at is read again. */
  renew(current: string): void {
    this.news.forget()
    for (const [id, listing] of this.kept) {
      if (id === current) void listing.load()
      else this.kept.delete(id)
    }
  }

  /** Shows these in the folders where they lie now. */
  private show(ids: readonly string[]): void {
    const shown = ids.flatMap(id => this.news.shown(id) ?? [])
    const gone = ids.filter(id => this.news.shown(id) === null)
    for (const listing of this.kept.values()) {
      listing.put(shown)
      listing.remove(gone)
    }
    this.news.trim()
  }

  private read(id: string, cursor: string | undefined, limit: number, signal: AbortSignal) {
    return cursor === undefined ? this.files.open(id, limit, signal) : this.files.more(id, cursor, limit, signal)
  }
}
