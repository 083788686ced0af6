// The reasons of a link as sentences: what speaks for it, and what stands beside it.
import type { Formats, Say } from '@alcove/ui'
import type { Bill, Link, Operation, Reason } from './model'
import type { texts } from './texts'

export interface Sentence {
  text: string
  more?: string
  /** Whether it speaks for the link. */
  good: boolean
}

type Key = keyof (typeof texts)['en']

interface Facts {
  say: Say<Key>
  formats: Formats
  vendor: string
  currency: string
  /** The person is paid, and does not pay. */
  refund: boolean
}

const cents = (text: string | undefined) => Number(text ?? 0) / 100

function dated(reason: Reason, { say, vendor, refund }: Facts): Sentence {
  const days = Number(reason.facts[0] ?? 0)
  const [same, after, before] = refund
    ? (['why.came.same', 'why.came', 'why.came.before'] as const)
    : (['why.day.same', 'why.day', 'why.day.before'] as const)
  const key = days === 0 ? same : days > 0 ? after : before
  const usual = reason.kind === 'date_usual'
  return {
    text: say(key, { count: Math.abs(days) }),
    good: usual || reason.weight > -1,
    ...(usual && { more: say('why.date_usual.more', { vendor }) }),
  }
}

function named(reason: Reason, { say, vendor }: Facts): Sentence {
  const [of = vendor, label = '', words = ''] = reason.facts
  const shown = words || label
  const values = { vendor: of, label: shown }
  switch (reason.kind) {
    case 'name':
      return { text: say('why.name', values), more: say('why.name.more'), good: true }
    case 'name_learnt':
      return { text: say('why.name', values), more: say('why.name_learnt.more'), good: true }
    case 'name_like':
      return { text: say('why.name_like', values), more: say('why.name_like.more'), good: reason.weight > 0 }
    case 'name_absent':
      return { text: say('why.name_absent'), more: label, good: false }
    default:
      return { text: say('why.name_differs', { vendor: of, label }), good: false }
  }
}

function sentence(reason: Reason, facts: Facts): Sentence {
  const { say, formats, currency } = facts
  const [first, second, third] = reason.facts
  const good = reason.weight >= 0
  const money = (text: string | undefined, of = currency) => formats.amount(cents(text), of)
  switch (reason.kind) {
    case 'amount':
      return { text: say('why.amount', { amount: money(first, third) }), more: say('why.amount.more'), good: true }
    case 'amount_allowed':
    case 'amount_near': {
      const values = { bill: money(first), paid: money(second, third) }
      return { text: say(`why.${reason.kind}`, values), more: say(`why.${reason.kind}.more`), good }
    }
    case 'date':
    case 'date_usual':
      return dated(reason, facts)
    case 'combined': {
      const amount = money(second)
      return { text: say('why.combined', { count: Number(first) }), more: say('why.combined.more', { amount }), good: true }
    }
    case 'instalments':
      return { text: say('why.instalments', { count: Number(second) }), more: say('why.instalments.more'), good: true }
    case 'expense':
      return { text: say('why.expense', { amount: money(first) }), good: true }
    case 'currency':
      return { text: say('why.currency', { bill: first ?? '', paid: second ?? '' }), good }
    case 'account':
    case 'account_other':
    case 'by_hand':
    case 'found':
      return { text: say(`why.${reason.kind}`), good: reason.kind !== 'account_other' }
    case 'denied':
      return { text: say('why.denied', { vendor: first ?? '', label: second ?? '' }), good: false }
    default:
      return reason.kind.startsWith('name') ? named(reason, facts) : { text: say('why.other'), more: reason.kind, good }
  }
}

/** The reasons of a link, in the order in which they were weighed. */
export function sentences(link: Link, bill: Bill | null | undefined, operation: Operation, say: Say<Key>, formats: Formats): Sentence[] {
  const currency = bill?.currency || operation.currency || 'EUR'
  const facts = { say, formats, vendor: bill?.vendor || link.vendor, currency, refund: operation.amount > 0 }
  return link.reasons.map(reason => sentence(reason, facts))
}
