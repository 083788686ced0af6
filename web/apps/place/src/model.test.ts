import { describe, expect, it } from 'vitest'
import { brokenSources, counted, type FileSaid, fresh, type Gathering, goes, monthsBetween, repairOf, runs, type SampleSaid, troubled, wordOf } from './model'

const said = (file: string, outcome: FileSaid['outcome'], counts: Record<string, number> = {}): FileSaid => ({ file, connector: '', outcome, reason: '', counts })
const gathering = (files: FileSaid[], more: Partial<Gathering> = {}): Gathering => ({ _id: 'g', state: 'done', total: files.length, done: files.length, files, ...more })

describe('what was handed over', () => {
  it('counts what came in over all files', () => {
    expect(counted([said('a', 'new', { bills: 1, operations: 2 }), said('b', 'new', { operations: 3 }), said('c', 'known')])).toEqual({ bills: 1, operations: 5 })
  })

  it('is trouble only by the newest word on a file', () => {
    const later = gathering([said('a.pdf', 'new'), said('c.pdf', 'error')])
    const earlier = gathering([said('a.pdf', 'not_understood'), said('b.pdf', 'not_understood'), said('c.pdf', 'known')])
    expect(troubled([later, earlier]).map(one => one.file)).toEqual(['c.pdf', 'b.pdf'])
  })

  it('goes on until it has ended', () => {
    expect((['queued', 'sorting', 'running', 'done', 'errored', 'stopped'] as const).map(state => runs(gathering([], { state })))).toEqual([true, true, true, false, false, false])
    expect(runs(undefined)).toBe(false)
  })

  it('is worth a line for an hour', () => {
    const now = Date.parse('2026-11-27T12:00:00Z')
    expect(fresh(gathering([], { updated_at: '2026-11-27T11:01:00Z' }), now)).toBe(true)
    expect(fresh(gathering([], { updated_at: '2026-11-27T10:59:00Z' }), now)).toBe(false)
    expect(fresh(gathering([]), now)).toBe(false)
  })
})

describe('the months of a place', () => {
  it('counts the first and the last', () => {
    expect(monthsBetween('2025-01-31', '2026-02-01')).toBe(14)
    expect(monthsBetween('2026-02-01', '2026-02-28')).toBe(1)
  })
})

describe('sources', () => {
  const source = (state: string, trigger?: string) => ({ _id: state, account_type: 'edf', state, trigger })

  it('need the person when they failed, not when they never ran', () => {
    const all = [source(''), source('LOGIN_SUCCESS'), source('LOGIN_FAILED'), source('VENDOR_DOWN')]
    expect(brokenSources(all).map(one => one.state)).toEqual(['LOGIN_FAILED', 'VENDOR_DOWN'])
  })

  it('are run again by one click where that may help', () => {
    expect(repairOf(source('VENDOR_DOWN.SERVER', 't'))).toEqual({ word: 'vendor', trigger: 't' })
    expect(repairOf(source('UNKNOWN_ERROR', 't'))).toEqual({ word: 'other', trigger: 't' })
    expect(repairOf(source('LOGIN_FAILED.NEEDS_SECRET', 't'))).toEqual({ word: 'login', trigger: undefined })
    expect(repairOf(source('USER_ACTION_NEEDED', 't'))).toEqual({ word: 'person', trigger: undefined })
  })

  it('have a name, or the one of what they speak to', () => {
    expect(wordOf({ _id: '', account_type: 'edf', name: 'Électricité' })).toBe('Électricité')
    expect(wordOf({ _id: '', account_type: 'edf' })).toBe('Edf')
  })
})

describe('the sample person', () => {
  it('is made until it is ready or broken', () => {
    const states = (['none', 'queued', 'drawing', 'reading', 'ready', 'errored'] as const).map(state => goes({ state, possible: true, why: '', reason: '' } satisfies SampleSaid))
    expect(states).toEqual([false, true, true, true, false, false])
    expect(goes(undefined)).toBe(false)
  })
})
