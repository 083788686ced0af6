// What the home page asks of the server.
import { Refused, useClient, useFresh } from '@alcove/client'
import { useQuery } from '@tanstack/react-query'
import { type Gathering, runs, type Source } from './model'

const GATHERINGS = 'org.alcove.gatherings'
const OPERATIONS = 'io.cozy.bank.operations'
const BILLS = 'io.cozy.bills'
const LINKS = 'org.alcove.money.links'
const SOURCES = 'io.cozy.accounts'
const EGRESS = 'org.alcove.egress'
const FILES = 'io.cozy.files'
const NOTICES = 'io.cozy.notifications'
const TRIGGERS = 'io.cozy.triggers'
const JSONAPI = 'application/vnd.api+json'
const LATEST = 5
const NEW_BILLS = 6
/** While something runs it is asked for, too: a socket may be kept away by a proxy. */
const WATCH = 2000

/** The last gatherings, the newest first. */
export function useGatherings() {
  const { documents } = useClient()
  useFresh([GATHERINGS], ['place', 'gatherings'])
  return useQuery({
    queryKey: ['place', 'gatherings'],
    queryFn: async ({ signal }) => {
      const search = { selector: { created_at: { $gt: null } }, index: ['created_at'], descending: true, limit: LATEST, signal }
      return (await documents.find<Gathering>(GATHERINGS, search)).docs
    },
    refetchInterval: query => (query.state.data?.some(runs) ? WATCH : false),
  })
}

export interface Summary {
  accounts: number
  operations: number
  bills: number
  linked: number
  to_confirm: number
  unlinked: number
  first?: string | undefined
  last?: string | undefined
}

/** What the place holds. `settled`: only once all that was gathered is linked. */
export function useSummary(settled: boolean) {
  const { door, documents } = useClient()
  useFresh([LINKS, OPERATIONS, BILLS], ['place', 'summary'])
  return useQuery({
    queryKey: ['place', 'summary', settled],
    queryFn: async ({ signal }): Promise<Summary> => {
      const query = { settled: settled ? 'true' : undefined }
      const said = await door.ask<{ data: { attributes: Summary } }>('GET', '/money/summary', { query, accept: JSONAPI, signal })
      const search = { selector: { date: { $gt: null } }, index: ['date'], fields: ['_id', 'date'], limit: 1, signal }
      const [first, last] = await Promise.all([
        documents.find<{ _id: string; date: string }>(OPERATIONS, search),
        documents.find<{ _id: string; date: string }>(OPERATIONS, { ...search, descending: true }),
      ])
      return { ...said.data.attributes, first: first.docs[0]?.date, last: last.docs[0]?.date }
    },
    // Linking is still at work: the server waits for it, and says so when it waited long enough.
    retry: (count, error) => (error instanceof Refused ? error.status === 503 && count < 20 : count < 2),
  })
}

export interface ToConfirm {
  _id: string
  bill: string
  vendor: string
  cents: number
}

/** Links that wait for the person's word, one for each bill. */
export function useToConfirm() {
  const { documents } = useClient()
  useFresh([LINKS], ['place', 'confirm'])
  return useQuery({
    queryKey: ['place', 'confirm'],
    queryFn: async ({ signal }) => {
      const selector = { status: 'to_confirm', date: { $gt: null } }
      const fields = ['_id', 'bill', 'vendor', 'cents']
      const found = await documents.findAll<ToConfirm>(LINKS, { selector, index: ['status', 'date'], descending: true, fields, signal })
      return [...new Map(found.map(link => [link.bill, link])).values()]
    },
  })
}

export interface NewBill {
  _id: string
  vendor?: string
  amount?: number
  currency?: string
  isRefund?: boolean
  cozyMetadata: { createdAt: string }
  /** The link to its payment, where there is one. */
  link?: { status: string; date: string; operation: string } | undefined
}

/** The bills that came in last, each with its payment. */
export function useNewBills() {
  const { documents } = useClient()
  useFresh([BILLS, LINKS], ['place', 'bills'])
  return useQuery({
    queryKey: ['place', 'bills'],
    queryFn: async ({ signal }) => {
      const created = 'cozyMetadata.createdAt'
      const search = { selector: { [created]: { $gt: null } }, index: [created], descending: true, limit: NEW_BILLS, signal }
      const bills = (await documents.find<NewBill>(BILLS, search)).docs
      const links = await documents.findAll<{ _id: string; bill: string; status: string; date: string; operation: string; role: string }>(LINKS, {
        selector: { bill: { $in: bills.map(bill => bill._id) } },
        index: ['bill'],
        signal,
      })
      const live = links.filter(link => link.status !== 'refused' && link.role === 'payment')
      return bills.map(bill => ({ ...bill, link: live.find(link => link.bill === bill._id) }))
    },
  })
}

export interface Notice {
  _id: string
  title: string
  message?: string
  created_at: string
  data?: { redirectLink?: string }
}

/** What was told last of files that guests brought by a link. */
export function useArrivals() {
  const { documents } = useClient()
  useFresh([NOTICES], ['place', 'arrivals'])
  return useQuery({
    queryKey: ['place', 'arrivals'],
    queryFn: async ({ signal }) => {
      const selector = { category: 'link-arrivals', created_at: { $gt: null } }
      return (await documents.find<Notice>(NOTICES, { selector, index: ['category', 'created_at'], descending: true, limit: LATEST, signal })).docs
    },
  })
}

interface Trigger {
  _id: string
  message?: { account?: string }
}

interface Scheduled {
  id: string
  attributes: { next: string }
}

/** When what runs a source runs it next: the moment by trigger. */
export function useSchedule() {
  const { door } = useClient()
  useFresh([TRIGGERS, SOURCES], ['place', 'schedule'])
  return useQuery({
    queryKey: ['place', 'schedule'],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: Scheduled[] }>('GET', '/connectors/schedule', { accept: JSONAPI, signal })
      return new Map(said.data.map(({ id, attributes }) => [id, attributes.next]))
    },
    meta: { quiet: true },
  })
}

/** What feeds this place, each with what runs it. */
export function useSources() {
  const { documents } = useClient()
  useFresh([SOURCES, TRIGGERS], ['place', 'sources'])
  return useQuery({
    queryKey: ['place', 'sources'],
    queryFn: async ({ signal }): Promise<Source[]> => {
      const [sources, triggers] = await Promise.all([
        documents.findAll<Source>(SOURCES, { selector: { account_type: { $gt: null } }, index: ['account_type'], signal }),
        documents.findAll<Trigger>(TRIGGERS, { selector: { worker: 'konnector' }, index: ['worker'], signal }),
      ])
      const runs = new Map(triggers.flatMap(({ _id, message }) => (message?.account ? [[message.account, _id]] : [])))
      return sources.map(source => ({ ...source, trigger: runs.get(source._id) }))
    },
  })
}

export interface Alone {
  _id: string
  vendor: string
  amount: number
  currency: string
  date: string
}

const MOST_ALONE = 100

/** The newest bills that no payment was found for. */
export function useAlone() {
  const { door } = useClient()
  useFresh([BILLS, LINKS], ['place', 'alone'])
  return useQuery({
    queryKey: ['place', 'alone'],
    queryFn: async ({ signal }) => {
      const query = { state: 'unlinked', 'page[limit]': MOST_ALONE }
      const said = await door.ask<{ data: { id: string; attributes: Omit<Alone, '_id'> }[] }>('GET', '/money/bills', { query, accept: JSONAPI, signal })
      return said.data.map(({ id, attributes }): Alone => ({ ...attributes, _id: id }))
    },
  })
}

export interface Left {
  connections: number
  refused: number
  up: number
}

/** What left the place since a day. */
export function useLeft(since: string) {
  const { door } = useClient()
  useFresh([EGRESS], ['place', 'left'])
  return useQuery({
    queryKey: ['place', 'left', since],
    queryFn: async ({ signal }) =>
      (await door.ask<{ data: { attributes: Left } }>('GET', '/egress/sums', { query: { from: since }, accept: JSONAPI, signal })).data.attributes,
    meta: { quiet: true },
  })
}

/** Whether a connector is held back: without, what it sends by itself is not written down. */
export function useConfined() {
  const { door } = useClient()
  return useQuery({
    queryKey: ['place', 'confined'],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: { attributes: { level: string } } }>('GET', '/connectors/confinement', { accept: JSONAPI, signal })
      return said.data.attributes.level !== 'limits'
    },
    meta: { quiet: true },
  })
}

/** Bytes used, and allowed where there is a limit; null where the server does not tell. */
export function useSpace() {
  const { door } = useClient()
  useFresh([FILES], ['place', 'space'])
  return useQuery({
    queryKey: ['place', 'space'],
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: { attributes: { used: string; quota?: string } } }>('GET', '/settings/disk-usage', {
        accept: JSONAPI,
        signal,
      })
      const { used, quota } = said.data.attributes
      return { used: Number(used), quota: quota ? Number(quota) : undefined }
    },
    retry: false,
    meta: { quiet: true },
  })
}
