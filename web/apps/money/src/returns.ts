// What comes back, as the server found it or as Cozy's bank app wrote it, in what the page says of it.
import { dateOf, isoDay, type Language } from '@alcove/ui'
import type { texts } from './texts'

type Key = keyof (typeof texts)['fr']

const ROUNDS = ['week.1', 'week.2', 'month.1', 'month.2', 'month.3', 'month.6', 'year.1'] as const
type Round = (typeof ROUNDS)[number]

export interface Returns {
  /** How often; undefined where only the days between are known. */
  round: Round | undefined
  /** Days from one time to the next, in the middle. */
  days: number
  /** The usual day of the month (1 to 31), or of the week (1 to 7, Monday first). */
  on: number
  over: boolean
  /** ISO days of the last time and of the next one. */
  latest: string
  next: string
  amount: number
  currency: string | undefined
  /** Whether the next amount is only about right. */
  about: boolean
}

const record = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {})
const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
const dayIn = (value: unknown) => (typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value) ? value.slice(0, 10) : undefined)

/** What a stored recurrence says; undefined for one that says too little: any program may have written it. */
export function returnsOf(stored: unknown): Returns | undefined {
  const { alcove, stats, status, latestDate, latestAmount } = record(stored)
  const own = record(alcove)
  const days = number(record(record(stats).deltas).median)
  const latest = dayIn(latestDate)
  const amount = number(own.nextAmount) ?? number(latestAmount)
  if (!days || days < 1 || !latest || amount === undefined) return undefined
  const later = dateOf(latest)
  later.setDate(later.getDate() + Math.round(days))
  return {
    round: ROUNDS.find(round => round === `${String(own.unit)}.${String(own.count)}`),
    days: Math.round(days),
    on: number(own.on) ?? 0,
    over: status === 'finished',
    latest,
    next: dayIn(own.nextDate) ?? isoDay(later),
    amount,
    currency: typeof own.currency === 'string' ? own.currency : undefined,
    about: own.about === true,
  }
}

/** The usual day in words: "jeudi", "1er", "15th", "15 mars". */
export function usualDay({ round, on, next }: Returns, language: Language): string {
  const [unit] = round?.split('.') ?? []
  if (unit === 'week') return new Intl.DateTimeFormat(language, { weekday: 'long' }).format(new Date(2024, 0, on))
  if (unit === 'year') return new Intl.DateTimeFormat(language === 'fr' ? 'fr-FR' : 'en-GB', { day: 'numeric', month: 'long' }).format(dateOf(next))
  if (language === 'fr') return on === 1 ? '1er' : String(on)
  const endings: Partial<Record<Intl.LDMLPluralRule, string>> = { one: 'st', two: 'nd', few: 'rd' }
  return `${on}${endings[new Intl.PluralRules('en', { type: 'ordinal' }).select(on)] ?? 'th'}`
}

/** The text for how often it comes, which takes `day` and `count`. */
export function roundKey({ round }: Returns): Key {
  return round ? `returns.${round}` : 'returns.days'
}
