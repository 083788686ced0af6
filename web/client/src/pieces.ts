// Large files in pieces, by tus 1.0 (docs/rooms/files.md): what stops one, be it a pause, the network, the server or a
// page that is loaded again, it goes on where it was. Where an upload is, this browser remembers for a week.
import type { Door } from './door'
import { Refused } from './errors'
import { request, type Sending } from './upload'

export const UPLOADS = '/files/uploads'
/** From this size on a file goes in pieces: a smaller one is sent faster than two more questions are asked. */
export const PIECES_FROM = 8_000_000
/** Bytes of one request: proxies limit them, and what a piece costs besides is little. */
const PIECE = 32 * 1024 * 1024
const TUS = { 'Tus-Resumable': '1.0.0' }
const STORED = 'alcove.uploads'
const LIFE = 7 * 24 * 3_600_000
/** How often it is noted that an upload is under way, in milliseconds; after twice that another page may show it. */
const BEAT = 5000

/** Where a file goes: new in a folder, perhaps with a number where its name is taken, or in place of what a file holds. */
export type Goal = { folder: string; name: string; numbered?: boolean } | { id: string }

/** What this browser remembers of an upload that is not finished. */
export interface Unfinished {
  where: string
  name: string
  size: number
  /** Bytes that were acknowledged. */
  kept: number
  folder?: string | undefined
  /** When bytes went out last, in milliseconds. */
  at: number
}

export type Shelf = Pick<Storage, 'getItem' | 'setItem'>

/** The browser's own memory; a page that may not use it remembers as long as it is open. */
function shelf(): Shelf {
  try {
    return window.localStorage
  } catch {
    let kept: string | null = null
    return { getItem: () => kept, setItem: (_, value) => void (kept = value) }
  }
}

const keyOf = (goal: Goal, file: File) => JSON.stringify([ 'id' in goal ? goal.id : goal.folder, 'id' in goal, file.name, file.size, file.lastModified])
const inBase64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
const metadata = (said: Record<string, string | undefined>) =>
  Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${inBase64(value)}`])).join(',')

/** Whether a refusal says only that the bytes do not follow those that are there. */
const astray = (error: unknown) => error instanceof Refused && error.status === 409 && error.said?.errors?.[0]?.source?.parameter === 'Upload-Offset'
const gone = (error: unknown) => error instanceof Refused && (error.status === 404 || error.status === 410)

export class Pieces {
  constructor(
    private readonly door: Door,
    private readonly kept: Shelf = shelf(),
    private readonly piece = PIECE,
    private readonly now: () => number = Date.now,
  ) {}

  /** Sends a file, from where it stopped if it was begun; answers its id. Raises as `upload`. */
  async send(goal: Goal, file: File, sending: Sending = {}): Promise<{ id: string }> {
    const key = keyOf(goal, file)
    for (let tries = 0; ; tries += 1) {
      const begun = (await this.found(key, sending)) ?? (await this.begin(key, goal, file, sending))
      try {
        const id = begun.id ?? (await this.goOn(key, begun, goal, file, sending))
        this.forget(begun.where)
        return { id }
      } catch (error) {
        if (sending.signal?.aborted) this.rest(key)
        // Another page may go on with the same upload, and the server may have forgotten it: both is found out anew.
        if (tries > 2 || !(astray(error) || gone(error))) throw error
        if (gone(error)) this.forget(begun.where)
      }
    }
  }

  /** Gives an upload up, with the bytes that came; it may be gone already. */
  async abandon(where: string): Promise<void> {
    this.forget(where)
    await this.door.send('DELETE', where, { headers: TUS }).catch((error: unknown) => {
      if (!gone(error)) throw error
    })
  }

  /** What this browser began and did not finish, and no page sends now. */
  unfinished(): Unfinished[] {
    const now = this.now()
    return Object.values(this.read()).filter(one => now - one.at > 2 * BEAT)
  }

  private async found(key: string, sending: Sending): Promise<{ where: string; offset: number; id?: string | undefined } | undefined> {
    const known = this.read()[key]
    if (!known) return undefined
    try {
      const said = await this.door.send('HEAD', known.where, { headers: TUS, signal: sending.signal })
      const offset = Number(said.headers.get('Upload-Offset'))
      sending.began?.(known.where)
      this.acknowledged(key, offset, sending)
      return { where: known.where, offset, id: said.headers.get('Alcove-File') ?? undefined }
    } catch (error) {
      if (!gone(error)) throw error
      this.forget(known.where)
      return undefined
    }
  }

  private async begin(key: string, goal: Goal, file: File, sending: Sending): Promise<{ where: string; offset: number; id?: string | undefined }> {
    const date = file.lastModified ? new Date(file.lastModified).toISOString() : undefined
    const place = 'id' in goal ? { file_id: goal.id, updated_at: date } : { dir_id: goal.folder, name: goal.name, taken: goal.numbered ? 'number' : undefined, created_at: date, updated_at: date }
    const headers = { ...sending.headers, ...TUS, 'Upload-Length': String(file.size), 'Upload-Metadata': metadata({ ...place, type: file.type || undefined }) }
    const said = await this.door.send('POST', UPLOADS, { headers, signal: sending.signal })
    const where = said.headers.get('Location') ?? ''
    this.note(key, { where, name: file.name, size: file.size, kept: 0, folder: 'id' in goal ? undefined : goal.folder, at: this.now() })
    sending.began?.(where)
    return { where, offset: 0, id: said.headers.get('Alcove-File') ?? undefined }
  }

  private async goOn(key: string, begun: { where: string; offset: number }, goal: Goal, file: File, sending: Sending): Promise<string> {
    let { offset } = begun
    let noted = this.now()
    for (;;) {
      const from = offset
      const headers: Record<string, string> = { ...sending.headers, ...TUS, 'Upload-Offset': String(from), 'Content-Type': 'application/offset+octet-stream' }
      // The name may be another than at the beginning: someone took that one meanwhile.
      if ('name' in goal && !goal.numbered) headers['Upload-Metadata'] = metadata({ name: goal.name })
      const told = (bytes: number) => {
        sending.told?.(from + bytes)
        if (this.now() - noted < BEAT) return
        noted = this.now()
        this.touch(key)
      }
      const answer = await request(this.door, begun.where, file.slice(from, from + this.piece), { method: 'PATCH', headers, signal: sending.signal, told })
      offset = Number(answer.getResponseHeader('Upload-Offset'))
      this.acknowledged(key, offset, sending)
      const id = answer.getResponseHeader('Alcove-File')
      if (id) return id
      if (!(offset > from)) throw new Refused(409, 'nothing arrives', begun.where)
    }
  }

  private acknowledged(key: string, offset: number, sending: Sending): void {
    sending.told?.(offset)
    sending.arrived?.(offset)
    this.touch(key, offset)
  }

  private read(): Record<string, Unfinished> {
    try {
      const all = JSON.parse(this.kept.getItem(STORED) ?? '{}') as Record<string, Unfinished>
      const oldest = this.now() - LIFE
      return Object.fromEntries(Object.entries(all).filter(([, one]) => one.at > oldest))
    } catch {
      return {}
    }
  }

  private write(all: Record<string, Unfinished>): void {
    try {
      this.kept.setItem(STORED, JSON.stringify(all))
    } catch {
      // No room: such an upload begins anew after the page was left.
    }
  }

  private note(key: string, one: Unfinished): void {
    this.write({ ...this.read(), [key]: one })
  }

  private touch(key: string, kept?: number): void {
    const one = this.read()[key]
    if (one) this.note(key, { ...one, at: this.now(), kept: kept ?? one.kept })
  }

  /** Paused: another page may show it at once. */
  private rest(key: string): void {
    const one = this.read()[key]
    if (one) this.note(key, { ...one, at: this.now() - 2 * BEAT - 1 })
  }

  private forget(where: string): void {
    this.write(Object.fromEntries(Object.entries(this.read()).filter(([, one]) => one.where !== where)))
  }
}
