// What the page knows of a file or folder, and the pure rules on it.
import type { FileResource } from '@alcove/client'
import { type IconName, plain } from '@alcove/ui'

export interface Entry {
  id: string
  name: string
  /** The folder it lies in. */
  parent: string
  folder: boolean
  size: number
  mime: string
  /** What kind of thing it is, as the server sorts media types: image, pdf, text... */
  kind: string
  updated: string
  created: string
  /** Where pictures of it are to be had. */
  pictures: FileResource['links']
  /** In the trash: the folder it was in. */
  from: string | undefined
  /** Changes with the content. */
  mark: string
  /** How often it was changed, as its revision says: what is told of an earlier one is old. */
  generation: number
  /** How often it was told that a picture of it was made. */
  turn: number
  favorite: boolean
  /** When it was changed, in milliseconds; 0 when that is not known. */
  moment: number
}

/** A stored document, as realtime tells it. */
interface Stored {
  _id: string
  _rev?: string
  type: 'file' | 'directory'
  name: string
  dir_id: string
  size?: string
  mime?: string
  class?: string
  created_at?: string
  updated_at?: string
  md5sum?: string
  restore_path?: string
  cozyMetadata?: { favorite?: boolean }
}

function made(id: string, said: Omit<Stored, '_id'>, rev: string | undefined, links: FileResource['links']): Entry {
  return {
    id,
    name: said.name,
    parent: said.dir_id,
    folder: said.type === 'directory',
    size: Number(said.size ?? 0),
    mime: said.mime ?? '',
    kind: said.type === 'directory' ? 'folder' : (said.class ?? ''),
    updated: said.updated_at ?? '',
    moment: Date.parse(said.updated_at ?? '') || 0,
    created: said.created_at ?? '',
    pictures: links?.tiny ? links : undefined,
    from: said.restore_path,
    mark: said.md5sum ?? '',
    generation: Number.parseInt(rev ?? '', 10) || 0,
    turn: 0,
    favorite: said.cozyMetadata?.favorite === true,
  }
}

export function entryOf({ id, attributes, meta, links }: FileResource): Entry {
  return made(id, attributes as unknown as Stored, meta?.rev, links)
}

/** An entry from a stored document; nothing when it is none (a deleted one). */
export function entryOfStored(doc: unknown): Entry | undefined {
  const said = doc as Partial<Stored> | null | undefined
  if (typeof said?._id !== 'string' || typeof said.name !== 'string' || !said.type) return undefined
  return made(said._id, said as Stored, said._rev, undefined)
}

export type Column = 'name' | 'updated' | 'size' | 'kind'

export interface Order {
  by: Column
  down: boolean
}

export const BY_NAME: Order = { by: 'name', down: false }

/** The order that the address says, `-size` for the biggest first. */
export function orderOf(text: string | null): Order {
  const by = text?.replace(/^-/, '')
  return by === 'updated' || by === 'size' || by === 'kind' || by === 'name' ? { by, down: text?.startsWith('-') ?? false } : BY_NAME
}

/** How the address says an order; nothing for the usual one. */
export function textOf({ by, down }: Order): string | undefined {
  return by === 'name' && !down ? undefined : (down ? '-' : '') + by
}

/** A number for each entry: the smaller, the further ahead. */
function ranked(entries: readonly Entry[], order: Order): Float64Array {
  const way = order.down ? -1 : 1
  const from = (rank: (entry: Entry) => number) => {
    const ranks = new Float64Array(entries.length)
    for (let at = 0; at < entries.length; at += 1) ranks[at] = way * rank(entries[at] as Entry)
    return ranks
  }
  switch (order.by) {
    case 'size':
      return from(entry => entry.size)
    case 'updated':
      return from(entry => entry.moment)
    default: {
      const kinds = [...new Set(entries.map(entry => entry.kind))].sort()
      const ranks = new Map(kinds.map((kind, at) => [kind, at]))
      return from(entry => ranks.get(entry.kind) ?? 0)
    }
  }
}

/**
 * The entries by their ranks, equal ones as they were. Numbers are sorted without calling back, and tell where each rank
 * begins: twenty thousand entries while one blinks, on a slow machine too.
 */
function placed(entries: readonly Entry[], ranks: Float64Array): Entry[] {
  const places = new Map<number, number>()
  const inOrder = ranks.slice().sort()
  for (let at = inOrder.length - 1; at >= 0; at -= 1) places.set(inOrder[at] as number, at)
  const found = new Array<Entry>(entries.length)
  for (let at = 0; at < entries.length; at += 1) {
    const rank = ranks[at] as number
    const place = places.get(rank) as number
    found[place] = entries[at] as Entry
    places.set(rank, place + 1)
  }
  return found
}

/** Entries in an order, folders first. They come by name, and that is how equal ones stay. */
export function ordered(byName: readonly Entry[], order: Order): readonly Entry[] {
  if (order.by === 'name' && !order.down) return byName
  const firstFile = byName.findIndex(entry => !entry.folder)
  const [folders, files] = firstFile < 0 ? [byName, []] : [byName.slice(0, firstFile), byName.slice(firstFile)]
  const sorted = (group: readonly Entry[]): Entry[] => (order.by === 'name' ? group.toReversed() : placed(group, ranked(group, order)))
  return [...sorted(folders), ...sorted(files)]
}

const plains = new WeakMap<Entry, string>()

/** The name as it is compared, made once. */
export function plainOf(entry: Entry): string {
  const known = plains.get(entry)
  if (known !== undefined) return known
  const made = plain(entry.name)
  plains.set(entry, made)
  return made
}

/** Those whose name holds what was typed, whatever the case and the accents. */
export function holding(entries: readonly Entry[], typed: string): readonly Entry[] {
  const wanted = plain(typed.trim())
  return wanted ? entries.filter(entry => plainOf(entry).includes(wanted)) : entries
}

const collators = new Map<string, Intl.Collator>()

/** Folders before files, then by name as people of that language sort. */
export function compare(a: Entry, b: Entry, language: string): number {
  if (a.folder !== b.folder) return a.folder ? -1 : 1
  const collator = collators.get(language) ?? new Intl.Collator(language)
  collators.set(language, collator)
  return collator.compare(a.name, b.name)
}

const ICONS: Record<string, IconName> = {
  folder: 'folder', image: 'image', audio: 'audio', video: 'video', text: 'text', pdf: 'text', spreadsheet: 'table',
  slide: 'slides', code: 'code', zip: 'archive', shortcut: 'link',
}

export function iconOf(entry: Entry): IconName {
  return ICONS[entry.kind] ?? 'file'
}

const KINDS = ['folder', 'image', 'audio', 'video', 'text', 'pdf', 'spreadsheet', 'slide', 'code', 'zip', 'shortcut'] as const
export type Kind = (typeof KINDS)[number] | 'other'

/** The kind for which there is a word. */
export function kindOf(entry: Entry): Kind {
  return KINDS.find(kind => kind === entry.kind) ?? 'other'
}

export type Shown = 'image' | 'pdf' | 'markdown' | 'text' | 'audio' | 'video' | 'nothing'

/** Formats that every browser of today shows by itself. Others are shown through their picture, if there is one. */
const PICTURES = /^image\/(jpeg|png|gif|webp|avif|bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)$/
const TEXTS = /^application\/(json|xml|javascript|js|toml|yaml|x-sh|x-ruby|x-ofx|x-qif|x-subrip|sql)$/
const MARKDOWN = /\.(md|markdown)$/i
const PLAIN = /\.(txt|csv|tsv|log|ini|conf|cfg|json|xml|yaml|yml|toml|py|js|ts|css|html?|sh|c|h|rs|go|java|sql|ofx|qif|mt940|sta|eml|ics|vcf|srt|tex|rst)$/i

/** How a file is looked at. Anything that could run is shown as its own text, or as a picture, which cannot. */
export function shownAs({ folder, mime, name, kind }: Entry): Shown {
  if (folder) return 'nothing'
  if (kind === 'image') return 'image'
  if (mime === 'application/pdf') return 'pdf'
  if (mime.startsWith('audio/')) return 'audio'
  if (mime.startsWith('video/')) return 'video'
  if (mime === 'text/markdown' || mime === 'text/vnd.cozy.note+markdown' || MARKDOWN.test(name)) return 'markdown'
  if (mime.startsWith('text/') || TEXTS.test(mime) || mime === 'message/rfc822' || (kind !== 'text' && PLAIN.test(name))) return 'text'
  return 'nothing'
}

/** Whether the browser shows the picture itself. */
export function drawn({ mime }: Entry): boolean {
  return PICTURES.test(mime)
}

/** Why a name cannot be: nothing when it can. */
export function wrongName(name: string): 'empty' | 'sign' | 'long' | undefined {
  if (!name || name === '.' || name === '..') return 'empty'
  if (/[/\u0000\n\r]/.test(name)) return 'sign'
  return new TextEncoder().encode(name).length > 255 ? 'long' : undefined
}

/** The places between two in a list, both included, whichever comes first. */
export function between(entries: readonly Entry[], from: string | undefined, to: string): string[] {
  const [a, b] = [entries.findIndex(entry => entry.id === from), entries.findIndex(entry => entry.id === to)]
  if (b < 0) return []
  if (a < 0) return [to]
  return entries.slice(Math.min(a, b), Math.max(a, b) + 1).map(entry => entry.id)
}
