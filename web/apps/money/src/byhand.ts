// What is linked by hand: what could be chosen, and the person's word on it.
import { type Client, useAct, useClient } from '@alcove/client'
import { useSay, useToast } from '@alcove/ui'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { LINKS, OPERATIONS, search } from './api'
import { type Bill, type Link, nameOf, ofAmount, type Operation, wordsOf } from './model'
import { texts } from './texts'

export type Side = 'bill' | 'operation'

/** A bill or an operation that one may link. */
export interface Choice {
  id: string
  name: string
  amount: number
  currency: string | undefined
  date: string
  /** Whether it is about money that came in. */
  cameIn: boolean
}

const BILLS = 'io.cozy.bills'
const JSONAPI = 'application/vnd.api+json'
const ENOUGH = 40
/** Hits of one question, and how many questions are asked at the most until there is enough. */
const AT_ONCE = 200
const PARTS = 10

export function choiceOfBill(bill: Bill): Choice {
  const { _id: id, vendor, filename, amount = 0, currency, date = '', isRefund = false } = bill
  return { id, name: vendor || filename || '', amount, currency, date, cameIn: isRefund }
}

export function choiceOfOperation(operation: Operation): Choice {
  const { _id: id, amount, currency, date } = operation
  return { id, name: nameOf(operation), amount, currency, date, cameIn: amount > 0 }
}

interface Told {
  id: string
}

/** Those that came near to being linked with it, the likeliest first. */
async function near({ door, documents }: Client, id: string, wanted: Side, signal: AbortSignal): Promise<Choice[]> {
  const path = `/money/why/${encodeURIComponent(id)}`
  const said = await door.ask<{ data: { attributes: { near: { bill: Told; operation: Told }[] } } }>('GET', path, { accept: JSONAPI, signal })
  const ids = said.data.attributes.near.map(one => one[wanted].id)
  if (wanted === 'operation') return (await documents.some<Operation>(OPERATIONS, ids, signal)).map(choiceOfOperation)
  return (await documents.some<Bill>(BILLS, ids, signal)).map(choiceOfBill)
}

interface Part {
  choices: Choice[]
  cursor: string | undefined
}

/** A part of those that a text or an amount finds, the newest first. */
async function part(client: Client, text: string, wanted: Side, cursor: string | undefined, signal: AbortSignal): Promise<Part> {
  if (wanted === 'operation') {
    const found = await search(client, text, cursor, signal)
    return { choices: found.operations.map(choiceOfOperation), cursor: found.cursor }
  }
  const query = { 'q': wordsOf(text), 'kinds': 'bills', 'sort': '-date', 'page[limit]': AT_ONCE, 'page[cursor]': cursor }
  const said = await client.door.ask<{ data: { id: string }[]; meta: { cursor?: string } }>('GET', '/search', { query, accept: JSONAPI, signal })
  const bills = await client.documents.some<Bill>(BILLS, said.data.map(one => one.id), signal)
  return { choices: bills.map(choiceOfBill), cursor: said.meta.cursor }
}

/** Those in one direction that a text or an amount finds, the newest first. */
async function found(client: Client, text: string, wanted: Side, cameIn: boolean, signal: AbortSignal): Promise<Choice[]> {
  const kept: Choice[] = []
  let cursor: string | undefined
  for (let parts = 0; parts < PARTS && kept.length < ENOUGH; parts += 1) {
    const more = await part(client, text, wanted, cursor, signal)
    kept.push(...more.choices.filter(choice => choice.cameIn === cameIn))
    cursor = more.cursor
    if (!cursor) break
  }
  return ofAmount(text, kept).slice(0, ENOUGH)
}

/** What can be chosen for a bill or an operation: without a text, what came near. Money that came in pays back; what went out is another thing. */
export function useChoices({ id, cameIn }: Choice, wanted: Side, text: string) {
  const client = useClient()
  return useQuery({
    queryKey: ['money', 'choices', id, wanted, text],
    queryFn: async ({ signal }) =>
      text ? found(client, text, wanted, cameIn, signal) : (await near(client, id, wanted, signal)).filter(choice => choice.cameIn === cameIn),
    placeholderData: keepPreviousData,
  })
}

export interface Pair {
  bill: Choice
  operation: Choice
}

/** A link as it will stand once the server knows it. */
function foreseen({ bill, operation }: Pair): Link {
  return {
    _id: '', bill: bill.id, operation: operation.id, cents: Math.round(operation.amount * 100), role: 'payment', status: 'linked', decided_by: 'person',
    probability: 1, reasons: [{ kind: 'by_hand', weight: 0, facts: [] }], vendor: bill.name, date: operation.date.slice(0, 10),
  }
}

/** Links by hand: shown at once, undone from the notice, taken back when the server refuses. */
export function useLinkByHand() {
  const { door } = useClient()
  const say = useSay(texts)
  const toast = useToast()
  const made = useRef(new Map<Pair, string>())
  const act = useAct<{ pair: Pair; undo?: boolean }>({
    key: ['money', 'links'],
    send: async ({ pair, undo }) => {
      if (undo) return door.send('POST', `/money/links/${made.current.get(pair) ?? ''}/undo`, { accept: JSONAPI })
      const body = { data: { type: LINKS, attributes: { bill: pair.bill.id, operation: pair.operation.id } } }
      const said = await door.ask<{ data: { id: string } }>('POST', '/money/links', { body, accept: JSONAPI })
      return made.current.set(pair, said.data.id)
    },
    foresee: (held, { pair, undo }, [, , what, id]) => {
      if (what !== 'of' || id !== pair.operation.id || !Array.isArray(held)) return held
      const others = (held as Link[]).filter(link => link.bill !== pair.bill.id)
      return undo ? others : [...others, foreseen(pair)]
    },
    done: ({ pair, undo }) => {
      if (!undo) toast({ text: say('said.by_hand', { vendor: pair.bill.name }), undo: () => act.mutate({ pair, undo: true }) })
    },
    failed: error => toast({ text: say('failed', { reason: error.message }), bad: true }),
  })
  return (pair: Pair) => act.mutate({ pair })
}
