// Finding anything of the place by a few words: what the server answers, which part of it was asked for, where it opens.
import type { IconName } from './icons'

export interface Hit {
  type: string
  id: string
  attributes: {
    kind: string
    title: string
    detail: string
    date: string
    amount?: number | null
    currency?: string
    /** Of a file or folder. */
    type?: 'file' | 'directory'
    class?: string
    /** Of a file: the folder it lies in. */
    folder?: string
    /** Of an app. */
    slug?: string
    /** The words of its title and detail that were found, as they are compared, whatever their ending. */
    marks?: string[]
    /** A piece of its text around what was found. */
    snippet?: Part[]
  }
}

export interface Answer {
  data: Hit[]
  /** Where one kind was asked for: where the next answer begins; `total` where it was asked for and may be told, and
   * whether all were counted. */
  meta: { more: string[]; complete: boolean; cursor?: string; total?: number; counted?: boolean }
}

/** The kinds in the order in which they are shown, with what opens them. */
export const KINDS = ['apps', 'files', 'bills', 'operations', 'accounts'] as const
export type Kind = (typeof KINDS)[number]

const LIGATURES: Record<string, string> = { œ: 'oe', æ: 'ae', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ß: 'ss' }

/** A text as it is compared: without case, accents and ligatures. */
export function plain(text: string): string {
  const bare = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return bare.replace(/[œæøłđðþıß]/g, letter => LIGATURES[letter] ?? letter)
}

const WORD = /[\p{L}\p{N}\p{M}]+/gu
const AMOUNT = /(?<![\p{L}\p{N}.,])(\d{1,3}(?:[ .,'\u00a0\u202f]\d{3})+|\d+)[.,](\d{1,2})(?![\p{L}\p{N}.,]*\d)/gu

function wordsOf(typed: string): string[] {
  return [...plain(typed).matchAll(WORD)].map(found => found[0])
}

export interface Part {
  text: string
  marked: boolean
}

/** How many characters of a word are the first `count` of it as it is compared. */
function reach(word: string, count: number): number {
  let here = 0
  for (const char of word) {
    if (plain(word.slice(0, here)).length >= count && !/\p{M}/u.test(char)) break
    here += char.length
  }
  return here
}

const FILTER = /(?<!\S)(type|date|after|since|apres|depuis|before|until|avant|in|dans|from|source|de):("[^"]*"|[^\s"]+)/gu

/** What was typed without what only narrows it, such as `type:pdf`. */
export function withoutFilters(typed: string): string {
  // Accents make no difference in the names of filters, and none in what is marked.
  return plain(typed).replace(FILTER, ' ').trim()
}

/**
 * A text in parts, those marked that were asked for: whole words, the beginning of one for the last that was typed, and
 * words that the server found by another ending.
 */
export function marked(text: string, typed: string, marks: readonly string[] = []): Part[] {
  const asked = wordsOf(withoutFilters(typed))
  const others = new Set(marks)
  const last = asked.at(-1)
  const whole = new Set(asked)
  const parts: Part[] = []
  let place = 0
  const add = (until: number, mark: boolean) => {
    if (until > place) parts.push({ text: text.slice(place, until), marked: mark })
    place = until
  }
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const bare = plain(word)
    const count = whole.has(bare) ? bare.length : last && bare.startsWith(last) ? last.length : others.has(bare) ? bare.length : 0
    if (!count) continue
    add(index, false)
    add(index + reach(word, count), true)
  }
  add(text.length, false)
  return parts
}

/** Whether an amount is one that was typed, as `45,90`, `45.9` or `1 234,56`. */
export function amountAsked(amount: number, typed: string): boolean {
  const written = Math.abs(amount).toFixed(2)
  const asked = [...typed.matchAll(AMOUNT)].map(found => `${found[1]?.replace(/\D/g, '')}.${found[2]}`)
  return asked.some(one => written.startsWith(one)) || wordsOf(typed.replace(AMOUNT, ' ')).includes(written.replace(/\.\d+$/, ''))
}

/** The hits of each kind, in the order in which kinds are shown; apps that can be reached otherwise are left out. */
export function grouped(hits: readonly Hit[], known: ReadonlySet<string>): [Kind, Hit[]][] {
  const wanted = hits.filter(hit => !(hit.attributes.slug && known.has(hit.attributes.slug)))
  return KINDS.map((kind): [Kind, Hit[]] => [kind, wanted.filter(hit => hit.attributes.kind === kind)]).filter(([, found]) => found.length > 0)
}

/** The app that opens a hit, and what its address says then. */
export function placeOf({ id, attributes }: Hit): { slug: string; query: Record<string, string> } {
  switch (attributes.kind) {
    case 'files':
      return { slug: 'files', query: attributes.type === 'directory' ? { folder: id } : { file: id } }
    case 'bills':
      return { slug: 'money', query: { bill: id } }
    case 'operations':
      return { slug: 'money', query: { operation: id } }
    case 'accounts':
      return { slug: 'money', query: { account: id } }
    default:
      return { slug: attributes.slug ?? '', query: {} }
  }
}

const CLASSES: Record<string, IconName> = {
  image: 'image', audio: 'audio', video: 'video', text: 'text', spreadsheet: 'table', slide: 'slides', zip: 'archive', code: 'code',
}

/** The icon of a hit. */
export function iconOf({ attributes }: Hit): IconName {
  if (attributes.kind === 'files') return attributes.type === 'directory' ? 'folder' : (CLASSES[attributes.class ?? ''] ?? 'file')
  return attributes.kind === 'bills' ? 'bill' : attributes.kind === 'apps' ? 'grid' : 'money'
}
