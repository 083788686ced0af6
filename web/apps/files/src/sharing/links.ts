// Links by which anybody opens a file or folder: permission documents with codes (docs/rooms/identity.md).
import { type Door, FILES, useClient } from '@alcove/client'
import { useQuery, useQueryClient } from '@tanstack/react-query'

/** What a link allows: to look, to change too, or only to put something in without seeing what is there. */
export type Level = 'read' | 'change' | 'drop'

export const VERBS: Record<Level, readonly string[]> = {
  read: ['GET'],
  change: ['GET', 'POST', 'PUT', 'PATCH'],
  drop: ['POST'],
}

export interface Link {
  id: string
  level: Level
  /** What it opens. */
  ids: readonly string[]
  /** What that was called when it was shared. */
  name: string
  code: string
  locked: boolean
  /** When it ends; nothing when it does not. */
  ends: string | undefined
  made: string
}

interface Rule {
  type?: string
  verbs?: string[]
  values?: string[]
  description?: string
}

interface Said {
  id: string
  attributes: {
    permissions?: Record<string, Rule>
    codes?: Record<string, string>
    shortcodes?: Record<string, string>
    password?: boolean
    expires_at?: string
    cozyMetadata?: { createdAt?: string }
  }
}

/** What verbs allow, in our words; no verbs at all are all of them. */
export function levelOf(verbs: readonly string[] = []): Level {
  const all = verbs.length === 0 || verbs.includes('ALL')
  if (all || (verbs.includes('GET') && verbs.some(verb => verb !== 'GET'))) return 'change'
  return verbs.includes('GET') ? 'read' : 'drop'
}

/** The rule about files in a set of rules. */
export const ruleOf = (rules: Record<string, Rule> | undefined): Rule | undefined => Object.values(rules ?? {}).find(rule => rule.type === FILES)

export function linkOf({ id, attributes }: Said): Link | undefined {
  const rule = ruleOf(attributes.permissions)
  const code = Object.values(attributes.shortcodes ?? attributes.codes ?? {})[0]
  if (!rule?.values?.length || !code) return undefined
  return {
    id,
    level: levelOf(rule.verbs),
    ids: rule.values,
    name: rule.description ?? '',
    code,
    locked: attributes.password === true,
    ends: attributes.expires_at || undefined,
    made: attributes.cozyMetadata?.createdAt ?? '',
  }
}

/** The address of a link's page, on the host of this app. */
export const addressOf = (link: Link): string => `${window.location.origin}/public/?sharecode=${link.code}`

export interface Wish {
  level: Level
  password: string
  /** An ISO day, or nothing. */
  until: string
}

/** The end of a day where the person is, as the server writes moments; empty for no end. */
export function endOf(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return day ? new Date(year, month - 1, date, 23, 59, 59).toISOString() : ''
}

const JSONAPI = 'application/vnd.api+json'
const KEY = ['files', 'links'] as const

async function all(door: Door, signal: AbortSignal): Promise<Link[]> {
  const found: Link[] = []
  let cursor: string | undefined
  do {
    const query = { 'page[limit]': 100, 'page[cursor]': cursor }
    const said: { data: Said[]; links?: { next?: string } } = await door.ask('GET', `/permissions/doctype/${FILES}/shared-by-link`, { query, accept: JSONAPI, signal })
    found.push(...said.data.flatMap(one => linkOf(one) ?? []))
    cursor = said.links?.next && (new URL(said.links.next, 'http://x').searchParams.get('page[cursor]') ?? undefined)
  } while (cursor)
  return found
}

/** Every link to files, those that ended too. */
export function useLinks() {
  const { door } = useClient()
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => all(door, signal) })
}

export function useLinkVerbs() {
  const { door } = useClient()
  const queries = useQueryClient()
  const fresh = () => queries.invalidateQueries({ queryKey: KEY })
  return {
    make: async (entry: { id: string; name: string }, wish: Wish): Promise<void> => {
      const files = { type: FILES, verbs: VERBS[wish.level], values: [entry.id], description: entry.name }
      const attributes = { permissions: { files }, ...(wish.password && { password: wish.password }), ...(wish.until && { expires_at: endOf(wish.until) }) }
      await door.ask('POST', '/permissions', { query: { codes: 'link' }, body: { data: { type: 'io.cozy.permissions', attributes } }, accept: JSONAPI })
      await fresh()
    },
    change: async (link: Link, attributes: { password?: string; expires_at?: string }): Promise<void> => {
      await door.ask('PATCH', `/permissions/${link.id}`, { body: { data: { type: 'io.cozy.permissions', id: link.id, attributes } }, accept: JSONAPI })
      await fresh()
    },
    revoke: async (link: Link): Promise<void> => {
      await door.send('DELETE', `/permissions/${link.id}`)
      await fresh()
    },
  }
}

export interface Visit {
  /** The hour. */
  at: string
  browser: string
  system: string
  count: number
}

/** How often a link was opened, and the latest visits, the last first. */
export function useVisits(link: Link, enabled: boolean) {
  const { door } = useClient()
  return useQuery({
    queryKey: ['files', 'visits', link.id],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: { attributes: { total: number; visits: Visit[] } } }>('GET', `/permissions/${link.id}/visits`, { accept: JSONAPI, signal })
      return { total: said.data.attributes.total, visits: [...said.data.attributes.visits].reverse() }
    },
    enabled,
  })
}
