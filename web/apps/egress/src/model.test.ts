import { faults } from '@alcove/ui'
import { describe, expect, test } from 'vitest'
import { askedIn, byDay, type Connection, lastMonths, queryOf } from './model'
import { texts } from './texts'

test('every text is there in both languages', () => {
  expect(faults('egress', texts)).toEqual([])
})

describe('what is asked', () => {
  test('a month is its days', () => {
    const asked = askedIn(new URLSearchParams('month=2028-02&host=a.example&q=bank'))
    expect(queryOf(asked)).toEqual({ from: '2028-02-01', to: '2028-02-29', host: 'a.example', purpose: undefined, who: undefined, q: 'bank' })
  })
  test('a month that is none is left out', () => {
    expect(askedIn(new URLSearchParams('month=2028-13')).month).toBe('')
  })
})

test('a heading stands before each day', () => {
  const line = (id: string, at: string): Connection => ({ id, at, purpose: 'mail', host: 'h', port: 1, verdict: 'done', up: 0, down: 0, ms: 0 })
  const days = byDay([line('a', '2026-02-02T10:00'), line('b', '2026-02-02T09:00'), line('c', '2026-02-01T09:00')], at => at.slice(0, 10))
  expect(days.map(({ day, connections }) => [day, connections.map(one => one.id)])).toEqual([['2026-02-02', ['a', 'b']], ['2026-02-01', ['c']]])
})

test('twelve months go back over the turn of a year', () => {
  const months = lastMonths(new Date('2026-02-15T12:00:00Z'))
  expect(months).toHaveLength(12)
  expect(months.slice(0, 3)).toEqual(['2026-02', '2026-01', '2025-12'])
})
