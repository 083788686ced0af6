// Operations, bills and the links between them, as they are stored, and the pure rules of the page.
import { dateOf, isoDay } from '@alcove/ui'
import names from './categories.json'

export interface Account {
  _id: string
  label?: string
  shortLabel?: string
  institutionLabel?: string
  balance?: number
  currency?: string
  number?: string
  cozyMetadata?: { updatedAt?: string }
}

export interface Operation {
  _id: string
  _rev?: string
  label?: string
  originalBankLabel?: string
  date: string
  realisationDate?: string
  amount: number
  currency?: string
  account?: string
  manualCategoryId?: string
  localCategoryId?: string
  cozyCategoryId?: string
  automaticCategoryId?: string
  /** The bills that it paid, and those that it paid back. */
  bills?: readonly string[]
  reimbursements?: readonly unknown[]
  /** What it is one time of. */
  relationships?: { recurrence?: { data?: { _id?: unknown } | null } }
}

export interface Bill {
  _id: string
  vendor?: string
  date?: string
  amount?: number
  currency?: string
  invoice?: string
  filename?: string
  vendorRef?: string
  isRefund?: boolean
  cozyMetadata?: { createdAt?: string; createdByApp?: string }
}

export interface Reason {
  kind: string
  weight: number
  facts: readonly string[]
}

export type Status = 'linked' | 'to_confirm' | 'refused'

export interface Link {
  _id: string
  bill: string
  operation: string
  cents: number
  role: string
  status: Status
  decided_by: string
  probability: number
  reasons: readonly Reason[]
  vendor: string
  /** The day of the operation. */
  date: string
}

const CATEGORY_FIELDS = ['manualCategoryId', 'localCategoryId', 'cozyCategoryId', 'automaticCategoryId'] as const
export const OPERATION_FIELDS = [
  '_id', '_rev', 'label', 'originalBankLabel', 'date', 'realisationDate', 'amount', 'currency', 'account', 'bills', 'reimbursements',
  ...CATEGORY_FIELDS,
] as const
export const CHART_FIELDS = ['_id', 'amount', ...CATEGORY_FIELDS] as const

const isText = (value: unknown) => value === undefined || typeof value === 'string'
const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)

/** An operation whose parts are what the page takes them for: any program may have written it. */
export function soundOperation(one: Operation): Operation {
  if (isText(one.label) && isText(one.originalBankLabel) && number(one.amount) !== undefined) return one
  const [label, originalBankLabel] = [text(one.label) ?? '', text(one.originalBankLabel) ?? '']
  return { ...one, label, originalBankLabel, amount: number(one.amount) ?? 0 }
}

/** An account whose parts are what the page takes them for; nothing for what is none. */
export function soundAccount(one: unknown): Account[] {
  if (typeof one !== 'object' || one === null) return []
  const { _id, label, shortLabel, institutionLabel, balance, currency, cozyMetadata } = one as Record<keyof Account, unknown>
  if (typeof _id !== 'string') return []
  const said = { label, shortLabel, institutionLabel, currency }
  const texts = Object.entries(said).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []))
  const updatedAt = text((cozyMetadata as { updatedAt?: unknown } | null | undefined)?.updatedAt)
  const sum = number(balance)
  return [{ _id, ...Object.fromEntries(texts), ...(sum !== undefined && { balance: sum }), ...(updatedAt && { cozyMetadata: { updatedAt } }) }]
}

/** The day of an operation or bill. A moment from 22:00 UTC on is a midnight written by a program in France. */
export function dayOf(date: string): string {
  if (Number(date.slice(11, 13)) < 22 || date.length < 13) return date.slice(0, 10)
  const next = dateOf(date)
  next.setDate(next.getDate() + 1)
  return isoDay(next)
}

/** "2026-10" a number of months further. */
export function monthAfter(month: string, by: number): string {
  const date = dateOf(`${month}-01`)
  date.setMonth(date.getMonth() + by)
  return isoDay(date).slice(0, 7)
}

// ---- names ---------------------------------------------------------------------------------------------------------
// What a bank writes around a name: how it was paid, cards, dates, numbers of tills. The whole stands below the name.

const TAIL = /(\s+(\d{1,2}\/\d{1,2}(\/\d{2,4})?|[xX*]?\d{4,}|CB\*\d+))+$/
const CARD = /^(PAIEMENT |ACHAT |FACTURE |AVOIR )?(PAR )?(CARTE|CB)( BANCAIRE)?( [X*]?\d{4,})?( (DU )?\d{2}[/.]?\d{2}([/.]?\d{2,4})?)?\s+(?=\S{3})/i
const TRANSFER = /^(VIR(EMENT)?|PRLV|PRELEVEMENT)(\s+(SEPA|INST(ANTANE)?|EMIS|RECU|WEB|PERMANENT|EN VOTRE FAVEUR))*\s+(?=.{3})/i
const CASH = /^(RETRAIT) (DAB|AU DISTRIBUTEUR)( [X*]?\d{4,})?( \d{2}\/\d{2}(\/\d{2,4})?)?/i
const SMALL = new Set(['de', 'du', 'des', 'la', 'le', 'les', 'et', 'a', 'au', 'aux', 'en', 'sur', 'ou', 'of', 'the', 'and'])
const INITIALS = new Set(['edf', 'ovh', 'caf', 'cpam', 'ratp', 'maif', 'maaf', 'mgen', 'tva', 'eurl', 'sa', 'sas', 'sci'])

function spoken(word: string, at: number): string {
  const low = word.toLowerCase()
  if (at > 0 && SMALL.has(low)) return low
  if (INITIALS.has(low) || (/^[a-z]+$/.test(low) && !/[aeiouy]/.test(low))) return word
  return low.replace(/(^|[-'*.\s])(\p{L})/gu, (_, before: string, letter: string) =>
    before === '.' ? before + letter : before + letter.toUpperCase(),
  )
}

/** The name of an operation as a person would say it. */
export function nameOf({ label, originalBankLabel }: Operation): string {
  const whole = (label || originalBankLabel || '').trim()
  const name = whole.replace(TAIL, '').replace(CASH, '$1').replace(CARD, '').replace(TRANSFER, '') || whole
  return /\p{Ll}/u.test(name) ? name : name.split(/\s+/).map(spoken).join(' ')
}

// ---- categories ----------------------------------------------------------------------------------------------------

export const NONE = '0'
export type Category = { fr: string; en: string }
export const CATEGORIES: Readonly<Record<string, Category>> = names

/** The category that counts: the person's, else ours, else what others guessed ("0": none). */
export function categoryOf(operation: Operation): string {
  const { manualCategoryId, localCategoryId, cozyCategoryId, automaticCategoryId } = operation
  const found = [manualCategoryId, localCategoryId, cozyCategoryId, automaticCategoryId].find(id => id && id !== NONE)
  return found && found in CATEGORIES ? found : NONE
}

/** The heading of the tree that a category stands under: 401020 (rent) is under 401000 (home). */
export function familyOf(category: string): string {
  const family = `${category.slice(0, 4)}00`
  return category.length === 6 && family in CATEGORIES ? family : category
}

const DOTS: Record<string, string> = {
  '401000': 'c1', '400100': 'c2', '400200': 'c3', '400700': 'c4', '200100': 'c5', '400600': 'c7', '400800': 'c8',
  '400300': 'c9', '400400': 'c10', '400500': 'c11', '400900': 'c12', '0': 'c0',
}

/** The colour of a family, everywhere the same. */
export function dotOf(category: string): string {
  return `var(--${DOTS[familyOf(category)] ?? 'c6'})`
}

/** Money that only changes its place or waits to be sorted is no spending. */
export function isSpending(operation: Operation): boolean {
  return operation.amount < 0 && familyOf(categoryOf(operation)) !== '600100'
}

export interface Share {
  family: string
  total: number
}

/** What was spent by family, the most first; what has none comes last, however much it is. */
export function spending(operations: Iterable<Operation>): Share[] {
  const totals = new Map<string, number>()
  for (const operation of operations) {
    if (!isSpending(operation)) continue
    const family = familyOf(categoryOf(operation))
    totals.set(family, (totals.get(family) ?? 0) - operation.amount)
  }
  const last = (family: string) => Number(family === NONE)
  const shares = [...totals].map(([family, total]) => ({ family, total }))
  return shares.sort((a, b) => last(a.family) - last(b.family) || b.total - a.total)
}

// ---- rows ----------------------------------------------------------------------------------------------------------

/** `first` is the id of the day's first operation. */
export type Row = { kind: 'day'; day: string; total: number; first: string } | { kind: 'operation'; operation: Operation }

/** Days, each with its operations below it, for operations that come newest first. */
export function byDay(operations: readonly Operation[]): Row[] {
  const rows: Row[] = []
  let day: Extract<Row, { kind: 'day' }> | undefined
  for (const operation of operations) {
    const date = dayOf(operation.date)
    if (day?.day !== date) {
      day = { kind: 'day', day: date, total: 0, first: operation._id }
      rows.push(day)
    }
    day.total += operation.amount
    rows.push({ kind: 'operation', operation })
  }
  return rows
}

// ---- search --------------------------------------------------------------------------------------------------------

const AMOUNT = /^[+\-−]?\d{1,9}([.,]\d{1,2})?\s?€?$/
const MOST_WORDS = 32
const LONGEST = 300

/** The words that the server looks for. Amounts are found whatever their direction. */
export function wordsOf(text: string): string {
  const trimmed = text.trim()
  const words = AMOUNT.test(trimmed) ? trimmed.replace(/[€+\-−\s]/g, '') : trimmed
  return words.split(/\s+/).slice(0, MOST_WORDS).join(' ').slice(0, LONGEST)
}

/** Keeps what went in the direction that an amount was typed with: "-20" is what was paid, "+20" what came in. */
export function directionOf(text: string): (operation: Operation) => boolean {
  const trimmed = text.trim()
  const sign = AMOUNT.test(trimmed) ? trimmed[0] : ''
  return ({ amount }) => (sign === '+' ? amount > 0 : sign === '-' || sign === '−' ? amount < 0 : true)
}

/**
 * Where an amount was typed, those of that amount alone, if there are any: its figures may also stand in a label or in
 * the number of a bill. Without cents, all of that whole amount.
 */
export function ofAmount<One extends { amount: number }>(text: string, found: readonly One[]): readonly One[] {
  const trimmed = text.trim()
  if (!AMOUNT.test(trimmed)) return found
  const typed = trimmed.replace(/[€+\-−\s]/g, '').replace(',', '.')
  const cents = Math.round(Number(typed) * 100)
  const whole = !typed.includes('.')
  const same = found.filter(({ amount }) => {
    const own = Math.round(Math.abs(amount) * 100)
    return whole ? Math.floor(own / 100) === cents / 100 : own === cents
  })
  return same.length ? same : found
}

// ---- export --------------------------------------------------------------------------------------------------------

function cell(value: string): string {
  // A cell that a spreadsheet would run as a formula is kept as text.
  const tame = /^[=+\-@\t\r]/.test(value) && !/^[+-]?\d+([.,]\d+)?$/.test(value) ? `'${value}` : value
  return /[;"\n\r]/.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame
}

/** A table as CSV that a spreadsheet opens as it is: semicolons and a comma in French, UTF-8 with its mark. */
export function csv(table: readonly (readonly (string | number)[])[], language: 'fr' | 'en'): string {
  const written = (value: string | number) => {
    if (typeof value === 'string') return cell(value)
    return language === 'fr' ? value.toFixed(2).replace('.', ',') : value.toFixed(2)
  }
  const between = language === 'fr' ? ';' : ','
  const quoted = (text: string) => (between === ',' && /,/.test(text) && !text.startsWith('"') ? `"${text}"` : text)
  return `\uFEFF${table.map(row => row.map(value => quoted(written(value))).join(between)).join('\r\n')}\r\n`
}
