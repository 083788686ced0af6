// Dates, amounts and sizes as the person's language writes them. Days are ISO texts (2026-10-15), amounts are numbers in
// the currency's own unit.
import type { Language } from './words'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

function opened(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Local midnight of an ISO day: `new Date('2026-10-15')` would be UTC, so the day before in America. */
export function dateOf(day: string): Date {
  const [year = 1970, month = 1, date = 1] = day.slice(0, 10).split('-').map(Number)
  return new Date(year, month - 1, date)
}

/** The ISO day of a date, where the person is. */
export function isoDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

export interface Formats {
  /** "−19,99 €"; `plus` writes the sign of what comes in too, `bare` leaves the currency out. */
  amount(value: number, currency?: string, how?: { plus?: boolean; bare?: boolean; whole?: boolean }): string
  /** "jeudi 15 octobre" */
  day(day: string, how?: { opened?: boolean; year?: boolean }): string
  /** "15 oct. 2026" */
  shortDay(day: string): string
  /** "Octobre 2026" from "2026-10" */
  month(month: string): string
  /** "oct." from "2026-10" */
  shortMonth(month: string): string
  /** "9 h 02", "hier", "12 oct." */
  moment(iso: string, now?: Date): string
  /** "aujourd’hui vers 5 h 12", "demain vers 5 h 12", "jeudi vers 5 h 12", "le 12 oct. vers 5 h 12": what is to come */
  coming(iso: string, now?: Date): string
  /** "il y a 2 heures" */
  ago(iso: string, now?: Date): string
  /** "38,2 Go" */
  size(bytes: number): string
  number(value: number): string
  list(items: readonly string[]): string
}

const COMING = {
  fr: { now: 'd’un moment à l’autre', at: (day: string, time: string) => `${day} vers ${time}`, on: (day: string) => `le ${day}` },
  en: { now: 'any moment now', at: (day: string, time: string) => `${day} about ${time}`, on: (day: string) => day },
}
/** Days from which on a weekday alone would not say which one. */
const WEEK = 7

/** The formats of a language; each formatter is made once, since making one costs more than using it a hundred times. */
export function formatsOf(language: Language): Formats {
  const locale = language === 'fr' ? 'fr-FR' : 'en-GB'
  const made = new Map<string, Intl.NumberFormat>()
  const number = (key: string, options: Intl.NumberFormatOptions) => {
    const known = made.get(key) ?? new Intl.NumberFormat(locale, options)
    made.set(key, known)
    return known
  }
  const dates = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options)
  const day = dates({ weekday: 'long', day: 'numeric', month: 'long' })
  const dayOfYear = dates({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  const shortDay = dates({ day: 'numeric', month: 'short', year: 'numeric' })
  const dayAndMonth = dates({ day: 'numeric', month: 'short' })
  const month = dates({ month: 'long', year: 'numeric' })
  const shortMonth = dates({ month: 'short' })
  const time = dates({ hour: 'numeric', minute: '2-digit' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const weekday = dates({ weekday: 'long' })
  const clock = (date: Date) => (language === 'fr' ? time.format(date).replace(/^0?(\d+):/, '$1 h ') : time.format(date))
  /** Whole days from one date to another, where the person is. */
  const daysTo = (date: Date, now: Date) => Math.round((dateOf(isoDay(date)).getTime() - dateOf(isoDay(now)).getTime()) / (DAY * 1000))
  const list = new Intl.ListFormat(locale, { type: 'conjunction' })

  const currencyFormat = (currency: string, whole: boolean, plus: boolean): Intl.NumberFormat => {
    const sign = plus ? 'exceptZero' : 'auto'
    const digits = whole ? { maximumFractionDigits: 0 } : {}
    const options = { style: 'currency', currency, signDisplay: sign, ...digits } as const
    try {
      return number(`${currency}${whole}${plus}`, options)
    } catch {
      // What a statement calls its currency may be no currency code at all.
      return number(`?${whole}${plus}`, { ...options, currency: 'XXX' })
    }
  }

  return {
    amount(value, currency = 'EUR', { plus = false, bare = false, whole = false } = {}) {
      const parts = currencyFormat(currency, whole, plus).formatToParts(value)
      const kept = bare ? parts.filter(part => part.type !== 'currency') : parts
      const text = kept.map(part => (part.type === 'minusSign' ? '\u2212' : part.value)).join('')
      return text.trim()
    },
    day(iso, { opened: up = false, year = false } = {}) {
      const text = (year ? dayOfYear : day).format(dateOf(iso))
      return up ? opened(text) : text
    },
    shortDay: iso => shortDay.format(dateOf(iso)),
    month: iso => opened(month.format(dateOf(`${iso}-01`))),
    shortMonth: iso => shortMonth.format(dateOf(`${iso}-01`)),
    moment(iso, now = new Date()) {
      const date = new Date(iso)
      const days = daysTo(date, now)
      if (days === 0) return clock(date)
      if (days === -1) return relative.format(-1, 'day')
      return date.getFullYear() === now.getFullYear() ? dayAndMonth.format(date) : shortDay.format(date)
    },
    coming(iso, now = new Date()) {
      const date = new Date(iso)
      if (date <= now) return COMING[language].now
      const days = daysTo(date, now)
      const { at, on } = COMING[language]
      const far = date.getFullYear() === now.getFullYear() ? dayAndMonth : shortDay
      return at(days < 2 ? relative.format(days, 'day') : days < WEEK ? weekday.format(date) : on(far.format(date)), clock(date))
    },
    ago(iso, now = new Date()) {
      const seconds = Math.round((new Date(iso).getTime() - now.getTime()) / 1000)
      const far = Math.abs(seconds)
      if (far < MINUTE) return relative.format(0, 'second')
      if (far < HOUR) return relative.format(Math.round(seconds / MINUTE), 'minute')
      if (far < DAY) return relative.format(Math.round(seconds / HOUR), 'hour')
      return relative.format(Math.round(seconds / DAY), 'day')
    },
    size(bytes) {
      const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1)
      const unit = UNITS[step] ?? 'byte'
      const display = step === 0 ? 'long' : 'short'
      return number(unit, { style: 'unit', unit, unitDisplay: display, maximumFractionDigits: 1 }).format(bytes / 1000 ** step)
    },
    number: value => number('plain', {}).format(value),
    list: items => list.format(items),
  }
}
