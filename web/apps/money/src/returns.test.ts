import { describe, expect, it } from 'vitest'
import { returnsOf, roundKey, usualDay } from './returns'

const OWN = { unit: 'month', count: 1, on: 15, currency: 'EUR', nextDate: '2026-11-15T12:00:00.000Z', nextAmount: -19.99, about: false }
const STORED = { status: 'ongoing', stats: { deltas: { median: 30 } }, latestDate: '2026-10-15T12:00:00.000Z', latestAmount: -19.99, alcove: OWN }
const of = (own: object) => returnsOf({ ...STORED, alcove: { ...OWN, ...own } })!

describe('what comes back', () => {
  it('is read as the server found it', () => {
    expect(returnsOf(STORED)).toMatchObject({ round: 'month.1', on: 15, over: false, next: '2026-11-15', amount: -19.99, currency: 'EUR' })
  })

  it('is read as Cozy wrote it: the days between tell the next one', () => {
    const { alcove: _, ...theirs } = STORED
    expect(returnsOf(theirs)).toMatchObject({ round: undefined, days: 30, next: '2026-11-14', amount: -19.99 })
    expect(roundKey(returnsOf(theirs)!)).toBe('returns.days')
  })

  it('is nothing where too little is said', () => {
    for (const bad of [null, 3, {}, { ...STORED, stats: null }, { ...STORED, latestDate: 'soon' }, { ...STORED, stats: { deltas: { median: '30' } } }])
      expect(returnsOf(bad)).toBeUndefined()
  })

  it('names its usual day', () => {
    expect(usualDay(of({}), 'fr')).toBe('15')
    expect(usualDay(of({ on: 1 }), 'fr')).toBe('1er')
    expect([1, 2, 3, 4, 11, 22].map(on => usualDay(of({ on }), 'en'))).toEqual(['1st', '2nd', '3rd', '4th', '11th', '22nd'])
    expect(usualDay(of({ unit: 'week', on: 4 }), 'fr')).toBe('jeudi')
    expect(usualDay(of({ unit: 'week', on: 7 }), 'en')).toBe('Sunday')
    expect(usualDay(of({ unit: 'year', nextDate: '2027-03-05T12:00:00.000Z' }), 'fr')).toBe('5 mars')
  })
})
