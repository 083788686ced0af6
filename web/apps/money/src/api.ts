// What Money asks of the server, and what it keeps of the answers.
import { type Client, useAct, useChanges, useClient, useFresh } from '@alcove/client'
import { useToast, useSay } from '@alcove/ui'
import { keepPreviousData, type QueryKey, queryOptions, useInfiniteQuery, useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import {
  type Account, type Bill, CHART_FIELDS, directionOf, type Link, monthAfter, NONE, type Operation, OPERATION_FIELDS, soundAccount,
  soundOperation, spending,
  type Status, wordsOf,
} from './model'
import { texts } from './texts'

const ACCOUNTS = 'io.cozy.bank.accounts'
export const OPERATIONS = 'io.cozy.bank.operations'
const BILLS = 'io.cozy.bills'
const RECURRENCES = 'io.cozy.bank.recurrence'
export const LINKS = 'org.alcove.money.links'

const JSONAPI = 'application/vnd.api+json'
/** The first answer fills the screen, those after it go on. */
const FOUND_FIRST = 50
const FOUND_AT_ONCE = 200
const INDEXING = 2000
const CHART_MONTHS = 12

const within = (month: string, count = 1) => ({ $gte: month, $lt: monthAfter(month, count) })

export function useAccounts() {
  const { documents } = useClient()
  useFresh([ACCOUNTS], ['money', 'accounts'])
  return useQuery({
    queryKey: ['money', 'accounts'],
    queryFn: async ({ signal }) => (await documents.all<Account>(ACCOUNTS, signal)).flatMap(soundAccount),
  })
}

export interface Bounds {
  oldest: string
  newest: string
}

/** The months of the oldest and the newest operation; null when there is none. */
export function useBounds() {
  const { documents } = useClient()
  useOperationsAnew()
  return useQuery({
    queryKey: ['money', 'bounds'],
    queryFn: async ({ signal }): Promise<Bounds | null> => {
      const search = { selector: { date: { $gt: null } }, index: ['date'], fields: ['_id', 'date'], limit: 1, signal }
      const [first, last] = await Promise.all([
        documents.find<Operation>(OPERATIONS, search),
        documents.find<Operation>(OPERATIONS, { ...search, descending: true }),
      ])
      const [oldest, newest] = [first.docs[0]?.date, last.docs[0]?.date]
      return oldest && newest ? { oldest: oldest.slice(0, 10), newest: newest.slice(0, 10) } : null
    },
  })
}

const CALM = 400

/** Reads anew what operations that changed stand in: their months and no others, however many are shown. */
function useOperationsAnew(): void {
  const queries = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const touched = useRef(new Set<string>())
  const read = () => {
    const months = touched.current
    touched.current = new Set()
    const concerned = ([, kind, what, month]: QueryKey) =>
      kind === 'bounds' || (kind === 'operations' && (what !== 'month' || months.has('') || months.has(String(month))))
    void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'money' && concerned(queryKey) })
  }
  const soon = (month: string) => {
    touched.current.add(month)
    clearTimeout(timer.current)
    timer.current = setTimeout(read, CALM)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  useChanges([OPERATIONS], {
    changed: ({ doc }) => soon(typeof (doc as Partial<Operation> | undefined)?.date === 'string' ? (doc as Operation).date.slice(0, 7) : ''),
    missed: () => soon(''),
  })
}

function monthQuery({ documents }: Client, month: string, account: string | undefined) {
  return queryOptions({
    queryKey: ['money', 'operations', 'month', month, account],
    queryFn: async ({ signal }) => {
      const found = await documents.findAll<Operation>(OPERATIONS, {
        selector: { ...(account && { account }), date: within(month) },
        index: account ? ['account', 'date'] : ['date'],
        descending: true,
        fields: OPERATION_FIELDS,
        signal,
      })
      return found.map(soundOperation)
    },
  })
}

/** Operations that are read part by part, as one goes on. */
export interface Parts {
  parts: readonly (readonly Operation[])[]
  more: boolean
  next: () => void
  fetching: boolean
  pending: boolean
  error: Error | null
  again: () => void
}

/** The operations of a month and, as one goes on, of those before it: each month is a part. */
export function useOperations(month: string, oldest: string, account: string | undefined, enabled: boolean): Parts {
  const client = useClient()
  const from = `${month}/${account}`
  const [shown, setShown] = useState({ from, count: 1 })
  const count = shown.from === from ? shown.count : 1
  const months = Array.from({ length: count }, (_, at) => monthAfter(month, -at))
  const results = useQueries({ queries: months.map(one => ({ ...monthQuery(client, one, account), enabled })) })
  const all = results.map(one => one.data ?? NOTHING)
  const last = results.at(-1)
  return {
    parts: useSame(all),
    more: monthAfter(month, 1 - count) > oldest,
    next: () => setShown({ from, count: count + 1 }),
    fetching: results.some(one => one.isFetching),
    pending: results[0]?.isPending ?? true,
    error: last?.error ?? null,
    again: () => void last?.refetch(),
  }
}

const NOTHING: readonly Operation[] = []

/** The same list as before as long as it holds the same things. */
function useSame<T>(list: readonly T[]): readonly T[] {
  const held = useRef(list)
  if (held.current.length !== list.length || held.current.some((one, at) => one !== list[at])) held.current = list
  return held.current
}

/** The operations of one month alone. */
export function useMonth(month: string, account: string | undefined) {
  return useQuery({ ...monthQuery(useClient(), month, account), placeholderData: keepPreviousData })
}

interface Page {
  operations: Operation[]
  cursor: string | undefined
  /** Whether the server's index holds everything by now. */
  complete: boolean
}

/** The operations that a text or an amount finds, the newest first; `cursor` goes on where the last answer ended. */
export async function search({ door, documents }: Client, text: string, cursor: string | undefined, signal?: AbortSignal): Promise<Page> {
  const limit = cursor ? FOUND_AT_ONCE : FOUND_FIRST
  const query = { 'q': wordsOf(text), 'kinds': 'operations', 'sort': '-date', 'page[limit]': limit, 'page[cursor]': cursor }
  const said = await door.ask<{ data: { id: string }[]; meta: { cursor?: string; complete: boolean } }>('GET', '/search', {
    query,
    accept: JSONAPI,
    signal,
  })
  const found = await documents.some<Operation>(OPERATIONS, said.data.map(one => one.id), signal)
  return { operations: found.map(soundOperation).filter(directionOf(text)), cursor: said.meta.cursor, complete: said.meta.complete }
}

/** The operations that fit a text or an amount, whenever they were. */
export function useSearch(text: string, account: string | undefined): Parts {
  const client = useClient()
  const query = useInfiniteQuery({
    queryKey: ['money', 'operations', 'search', text],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => search(client, text, pageParam, signal),
    getNextPageParam: page => page.cursor,
    enabled: text !== '',
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.pages.some(page => !page.complete) ? INDEXING : false),
  })
  const { data } = query
  const parts = useMemo(
    () => (data?.pages ?? []).map(page => page.operations.filter(one => !account || one.account === account)),
    [data, account],
  )
  return {
    parts,
    more: query.hasNextPage,
    next: () => void query.fetchNextPage(),
    fetching: query.isFetching,
    pending: query.isPending,
    error: query.error,
    again: () => void query.refetch(),
  }
}

/** What the chart needs of the twelve months that end with this one. */
export function useYear(month: string, account: string | undefined) {
  const { documents } = useClient()
  return useQuery({
    queryKey: ['money', 'operations', 'year', month, account],
    queryFn: ({ signal }) => {
      const months = Array.from({ length: CHART_MONTHS }, (_, at) => monthAfter(month, at - CHART_MONTHS + 1))
      const read = async (one: string) => {
        const operations = await documents.findAll<Operation>(OPERATIONS, {
          selector: { ...(account && { account }), date: within(one) },
          index: account ? ['account', 'date'] : ['date'],
          fields: CHART_FIELDS,
          signal,
        })
        return { month: one, shares: spending(operations) }
      }
      return Promise.all(months.map(read))
    },
    placeholderData: keepPreviousData,
  })
}

/** What waits to be confirmed, the newest first. */
export function useToConfirm() {
  const { documents } = useClient()
  useFresh([LINKS], ['money', 'links'])
  return useQuery({
    queryKey: ['money', 'links', 'to_confirm'],
    queryFn: ({ signal }) =>
      documents.findAll<Link>(LINKS, {
        selector: { status: 'to_confirm', date: { $gt: null } },
        index: ['status', 'date'],
        descending: true,
        signal,
      }),
  })
}

/** The links of one operation. */
export function useLinksOf(operation: string) {
  const { documents } = useClient()
  return useQuery({
    queryKey: ['money', 'links', 'of', operation],
    queryFn: ({ signal }) => documents.findAll<Link>(LINKS, { selector: { operation }, index: ['operation'], signal }),
    placeholderData: keepPreviousData,
  })
}

export function useOperation(id: string) {
  const { documents } = useClient()
  return useQuery({
    queryKey: ['money', 'operations', 'one', id],
    queryFn: async ({ signal }) => (await documents.get<Operation>(OPERATIONS, id, signal)) ?? null,
  })
}

/** What an operation is one time of; null when that is gone. */
export function useRecurrence({ relationships }: Operation) {
  const { documents } = useClient()
  const id = relationships?.recurrence?.data?._id
  useFresh([RECURRENCES], ['money', 'recurrence'])
  return useQuery({
    queryKey: ['money', 'recurrence', id],
    queryFn: async ({ signal }) => (await documents.get(RECURRENCES, String(id), signal)) ?? null,
    enabled: typeof id === 'string' && id !== '',
    meta: { quiet: true },
  })
}

export function useBill(id: string) {
  const { documents } = useClient()
  return useQuery({
    queryKey: ['money', 'bill', id],
    queryFn: async ({ signal }) => (await documents.get<Bill & { _id: string }>(BILLS, id, signal)) ?? null,
  })
}

const fileOf = (bill: Bill | undefined) => bill?.invoice?.replace(/^io\.cozy\.files:/, '')

/** The address of a small picture of a bill's file; undefined where there is no file. */
export function useThumbnail(bill: Bill | undefined) {
  const { door, files } = useClient()
  const id = fileOf(bill)
  const file = useQuery({
    queryKey: ['money', 'file', id],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: { links?: { small?: string } } }>('GET', `/files/${id}`, { accept: JSONAPI, signal })
      return said.data.links?.small ?? null
    },
    enabled: id !== undefined,
    meta: { quiet: true },
  })
  return file.data && id ? files.picture(file.data, id) : undefined
}

/** The address under which a bill's file opens: it holds a secret for a while, so that the browser needs no token. */
export async function fileAddress({ door }: Client, bill: Bill): Promise<string | undefined> {
  const id = fileOf(bill)
  if (!id) return undefined
  const said = await door.ask<{ links: { related: string } }>('POST', '/files/downloads', { query: { Id: id }, accept: JSONAPI })
  return said.links.related.startsWith('/') ? door.origin + said.links.related : said.links.related
}

export type Verb = 'confirm' | 'refuse' | 'unlink' | 'undo'

export interface Decision {
  link: Link
  verb: Verb
}

const LEADS_TO: Record<Exclude<Verb, 'undo'>, Status> = { confirm: 'linked', refuse: 'refused', unlink: 'refused' }
const SAID = { confirm: 'said.linked', refuse: 'said.refused', unlink: 'said.unlinked' } as const
const newestFirst = (a: Link, b: Link) => b.date.localeCompare(a.date)

/** What a list of links is after a decision. Undoing gives `link` back as it was. */
function decided(held: unknown, { link, verb }: Decision, key: QueryKey): unknown {
  if (!Array.isArray(held)) return held
  const links = held as Link[]
  const now: Link = verb === 'undo' ? link : { ...link, status: LEADS_TO[verb], decided_by: 'person' }
  if (key[2] !== 'to_confirm') return links.map(one => (one._id === link._id ? { ...one, ...now } : one))
  const others = links.filter(one => one._id !== link._id)
  return now.status === 'to_confirm' ? [...others, now].sort(newestFirst) : others
}

/** Takes the person's word on a link: shown at once, undone from the notice, taken back when the server refuses. */
export function useDecide() {
  const { door } = useClient()
  const say = useSay(texts)
  const toast = useToast()
  const act = useAct<Decision>({
    key: ['money', 'links'],
    send: ({ link, verb }) => door.ask('POST', `/money/links/${link._id}/${verb}`, { accept: JSONAPI }),
    foresee: decided,
    done: ({ link, verb }) => {
      if (verb === 'undo') return
      toast({ text: say(SAID[verb], { vendor: link.vendor }), undo: () => act.mutate({ link, verb: 'undo' }) })
    },
    failed: error => toast({ text: say('failed', { reason: error.message }), bad: true }),
  })
  return act.mutate
}

export interface Sorting {
  operation: Operation
  category: string
  name: string
}

/** Puts an operation under a category; what the person says is learnt by the server. */
export function useSort() {
  const { door } = useClient()
  const say = useSay(texts)
  const toast = useToast()
  const change = (one: Operation, { operation, category }: Sorting) =>
    one._id === operation._id ? { ...one, manualCategoryId: category } : one
  const act = useAct<Sorting>({
    key: ['money', 'operations'],
    send: ({ operation, category }) =>
      door.ask('POST', `/money/operations/${encodeURIComponent(operation._id)}/category`, {
        body: { data: { attributes: { category } } },
        accept: JSONAPI,
      }),
    foresee: (held, sorting) => {
      const pages = (held as { pages?: Page[] } | null)?.pages
      if (pages) {
        const changed = pages.map(page => ({ ...page, operations: page.operations.map(one => change(one, sorting)) }))
        return { ...(held as object), pages: changed }
      }
      if (Array.isArray(held)) return held.map((one: Operation) => ('amount' in one ? change(one, sorting) : one))
      return held && typeof held === 'object' && 'amount' in held ? change(held as Operation, sorting) : held
    },
    stale: ({ operation }) => [
      ['money', 'operations', 'month', operation.date.slice(0, 7)],
      ['money', 'operations', 'one', operation._id],
      ['money', 'operations', 'year'],
    ],
    done: ({ operation, category, name }) => {
      const before = operation.manualCategoryId ?? NONE
      if (before === category) return
      const undo = () => act.mutate({ operation: { ...operation, manualCategoryId: before }, category: before, name: '' })
      if (name) toast({ text: say('said.category', { name }), undo })
    },
    failed: error => toast({ text: say('failed', { reason: error.message }), bad: true }),
  })
  return act.mutate
}
