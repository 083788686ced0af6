// What is known of entries that change. The server speaks in answers and over realtime, and these overtake each other; a
// person asks for more meanwhile. What is shown is the server's newest word, with what was asked for since on top of it.
import type { Entry } from './model'

/** What an entry becomes when what was asked for is done. */
export type Foresee = (entry: Entry) => Entry

/** Old news come within seconds: the words on the entries that changed last are enough. */
const WORDS = 5000
/** Added to a generation by a change whose answer does not say the new one: more than what it was, less than the next. */
const CHANGED = 0.5

export class News {
  /** The newest word on an entry; null for one that is gone for ever. The latest is at the end. */
  private readonly words = new Map<string, Entry | null>()
  private readonly asked = new Map<string, readonly Foresee[]>()

  /** Takes a word of the server, unless a newer one is known. `known` is the entry as it is listed, if it is. */
  hear(entry: Entry, known?: Entry): void {
    const before = this.words.has(entry.id) ? this.words.get(entry.id) : known
    if (before === null || (before && before.generation > entry.generation)) return
    // Realtime does not tell where pictures are: they stay where they were.
    this.keep(entry.id, { ...entry, pictures: entry.pictures ?? before?.pictures, turn: Math.max(entry.turn, before?.turn ?? 0) })
  }

  /** Takes it that a picture of an entry was made. */
  drawn(id: string, known?: Entry): void {
    const word = this.words.has(id) ? this.words.get(id) : known
    if (word) this.keep(id, { ...word, turn: word.turn + 1 })
  }

  /** Takes it that an entry is gone for ever. */
  gone(id: string): void {
    this.keep(id, null)
  }

  /** Takes it that a person asked for something; `entry` is what they see. */
  ask(entry: Entry, foresee: Foresee): void {
    if (!this.words.has(entry.id)) this.keep(entry.id, entry)
    this.asked.set(entry.id, [...(this.asked.get(entry.id) ?? []), foresee])
  }

  /** Takes it that the server was told: as long as nothing else is known, what was done is. */
  done(id: string, foresee: Foresee, generation: number): void {
    const word = this.words.get(id)
    if (word && word.generation === generation) this.keep(id, { ...foresee(word), generation: generation + CHANGED })
  }

  /** Takes it that what was asked for is over, done or not. */
  over(id: string, foresee: Foresee): void {
    const left = this.asked.get(id)?.filter(one => one !== foresee)
    if (left?.length) this.asked.set(id, left)
    else this.asked.delete(id)
  }

  /** The generation of the newest word on an entry. */
  generation(id: string): number {
    return this.words.get(id)?.generation ?? 0
  }

  /** An entry as it is to be shown; null when it is gone, undefined when nothing is known of it. */
  shown(id: string): Entry | null | undefined {
    const word = this.words.get(id)
    return word && (this.asked.get(id) ?? []).reduce((entry, foresee) => foresee(entry), word)
  }

  /** An entry that was read, as it is to be shown. */
  sift(read: Entry): Entry | undefined {
    if (!this.words.has(read.id)) return read
    this.hear(read)
    return this.shown(read.id) ?? undefined
  }

  /** Something may have been missed: what was heard is worth nothing, only what is asked for stays. */
  forget(): void {
    for (const id of this.words.keys()) if (!this.asked.has(id)) this.words.delete(id)
  }

  /** Forgets what was heard long ago. */
  trim(): void {
    if (this.words.size <= WORDS) return
    let over = this.words.size - WORDS
    for (const id of this.words.keys()) {
      if (over <= 0) break
      if (!this.asked.has(id)) this.words.delete(id)
      over -= 1
    }
  }

  private keep(id: string, word: Entry | null): void {
    this.words.delete(id)
    this.words.set(id, word)
  }
}
