// What could be had, or is there, as the page shows it.
import type { Language } from '@alcove/ui'

export type Label = 'cannot_send' | 'sends_on_approval' | 'trusted'

interface Words {
  name?: string
  short_description?: string
  long_description?: string
  permissions?: Record<string, { description?: string }>
}

interface Permission {
  type: string
  description?: string
  verbs?: string[]
  selector?: string
  values?: string[]
}

/** What a manifest says, as far as it is shown. */
export interface Manifest {
  slug: string
  type?: string
  name?: string
  version?: string
  developer?: { name?: string; url?: string }
  categories?: string[]
  locales?: Partial<Record<string, Words>>
  permissions?: Record<string, Permission>
  screenshots?: string[]
  /** The hosts that a source connects to; where it says nothing, each is asked about when it first wants to. */
  egress?: unknown
  source?: string
  available_version?: string
}

/** An entry of an answer about what is there. */
export interface Installed {
  attributes: Manifest
  links?: { icon?: string }
}

/** An app of a registry. */
export interface Registered {
  slug: string
  type?: string
  latest_version?: { version?: string; manifest?: Manifest }
}

/** An app or a source, as the page shows it. */
export interface Offer {
  slug: string
  type: 'webapp' | 'konnector'
  name: string
  version: string
  installed: boolean
  /** It comes with Alcove: it is neither installed nor removed. */
  builtin: boolean
  /** A newer version, where it waits for the person's word or for the next look. */
  available_version?: string | undefined
  label: Label
  developer?: { name?: string; url?: string } | undefined
  categories?: string[] | undefined
  locales?: Partial<Record<string, Words>> | undefined
  permissions?: Record<string, Permission> | undefined
  icon?: string | undefined
  screenshots?: string[] | undefined
}

export type Kind = 'all' | 'webapp' | 'konnector' | 'installed'
export const KINDS: readonly Kind[] = ['all', 'webapp', 'konnector', 'installed']

/** The words of an offer in the person's language, else in English, else none. */
export function wordsOf({ locales = {} }: Offer, language: Language): Words {
  return { ...locales.en, ...locales[language] }
}

export const nameOf = (offer: Offer, language: Language): string => wordsOf(offer, language).name ?? offer.name

export interface May {
  title: string
  words: string
  reads: boolean
  writes: boolean
}

const READING = new Set(['GET', 'HEAD'])

/** What it may do in the place, in the words of its manifest. */
export function mayDo(offer: Offer, language: Language): May[] {
  const said = wordsOf(offer, language).permissions
  return Object.entries(offer.permissions ?? {}).map(([title, { description, type, verbs = ['ALL'] }]) => ({
    title,
    words: said?.[title]?.description ?? description ?? type,
    reads: verbs.some(verb => READING.has(verb) || verb === 'ALL'),
    writes: verbs.some(verb => !READING.has(verb)),
  }))
}

/** A text as it is compared: without accents and case. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()

/** The offers of a kind and a category that hold every word that was typed. */
export function fitting(offers: readonly Offer[], kind: Kind, category: string, typed: string, language: Language): Offer[] {
  const words = plain(typed).split(/\s+/).filter(Boolean)
  return offers.filter(offer => {
    if (kind === 'installed' ? !offer.installed : kind !== 'all' && offer.type !== kind) return false
    if (category && !offer.categories?.includes(category)) return false
    const { short_description = '', long_description = '' } = wordsOf(offer, language)
    const text = plain([nameOf(offer, language), offer.slug, short_description, long_description, offer.developer?.name ?? ''].join(' '))
    return words.every(word => text.includes(word))
  })
}

/** The categories that there are, by how many have them. */
export function categoriesOf(offers: readonly Offer[]): string[] {
  const counts = new Map<string, number>()
  for (const category of offers.flatMap(offer => offer.categories ?? [])) counts.set(category, (counts.get(category) ?? 0) + 1)
  return [...counts].sort(([a, many], [b, few]) => few - many || a.localeCompare(b)).map(([category]) => category)
}

const BUILTIN = 'builtin://'
/** Workers by which an app has something sent. */
const SENDING = new Set(['sendmail', 'service', 'konnector'])

/**
 * Whether it can send something out, by what holds it back. The pages of an app reach its place alone: what is left are
 * mails and requests that the place sends for it. A source reaches what its manifest or the person names, and nothing
 * when it names none; `held` is false where this server runs sources without a sandbox.
 */
export function labelOf({ permissions = {}, egress }: Manifest, type: Offer['type'], held: boolean): Label {
  if (type === 'konnector') {
    if (!held) return 'trusted'
    return Array.isArray(egress) && egress.length === 0 ? 'cannot_send' : 'sends_on_approval'
  }
  const asks = Object.values(permissions).some(
    ({ type: doctype, selector, values = [], verbs = ['ALL'] }) =>
      (doctype === 'io.cozy.jobs' && verbs.some(verb => verb === 'POST' || verb === 'ALL') && (selector !== 'worker' || values.some(one => SENDING.has(one)))) ||
      !/^(io\.cozy|org\.alcove)\./.test(doctype),
  )
  return asks ? 'sends_on_approval' : 'cannot_send'
}

export interface Found {
  apps: readonly Installed[]
  konnectors: readonly Installed[]
  /** The sources that come with Alcove. */
  ours: readonly Installed[]
  registered: readonly Registered[]
  /** Whether sources are held back by a sandbox. */
  held: boolean
}

/** All that could be had or is there, by name: what is there hides what a registry has under the same slug. */
export function offersOf({ apps, konnectors, ours, registered, held }: Found): Offer[] {
  const offers = new Map<string, Offer>()
  const put = (offer: Offer) => {
    const key = `${offer.type} ${offer.slug}`
    if (!offers.has(key)) offers.set(key, offer)
  }
  const there = (type: Offer['type']) => ({ attributes: manifest, links }: Installed) =>
    put({ ...offerOf(manifest, type, held), installed: true, builtin: manifest.source?.startsWith(BUILTIN) ?? false, icon: links?.icon })
  apps.forEach(there('webapp'))
  konnectors.forEach(there('konnector'))
  ours.forEach(there('konnector'))
  for (const { slug, type, latest_version: latest } of registered) {
    if (!latest?.manifest) continue
    const version = latest.version ?? latest.manifest.version ?? ''
    const offer = offerOf({ ...latest.manifest, slug, version }, type === 'konnector' ? 'konnector' : 'webapp', held)
    put({ ...offer, icon: `/registry/${slug}/icon`, screenshots: latest.manifest.screenshots?.map(path => `/registry/${slug}/${version}/screenshots/${path.replace(/^\/?(screenshots\/)?/, '')}`) })
  }
  return [...offers.values()]
}

function offerOf(manifest: Manifest, type: Offer['type'], held: boolean): Offer {
  const { slug, name = slug, version = '', developer, categories, locales, permissions, available_version } = manifest
  return { slug, type, name, version, developer, categories, locales, permissions, available_version, installed: false, builtin: false, label: labelOf(manifest, type, held) }
}

/** Where it is installed, updated and removed. */
export const routeOf = ({ type, slug }: Offer): string => `/${type === 'webapp' ? 'apps' : 'konnectors'}/${slug}`
