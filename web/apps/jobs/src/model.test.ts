import { faults } from '@alcove/ui'
import { describe, expect, test } from 'vitest'
import { againOf, type Job, secondsOf, serviceOf, slugOf, type Trigger } from './model'
import { texts } from './texts'

const job = (more: Partial<Job> = {}): Job => ({ _id: 'j', worker: 'konnector', state: 'errored', queued_at: '2026-01-01T00:00:00Z', ...more })
const trigger: Trigger = { id: 't', type: '@daily', arguments: '', worker: 'konnector', message: {}, status: '', error: '', last: '' }

test('every text is there in both languages', () => {
  expect(faults('jobs', texts)).toEqual([])
})

test('who a job is for', () => {
  expect(slugOf({ konnector: 'edf', account: 'a' })).toBe('edf')
  expect(slugOf({ slug: 'banks', name: 'categorise' })).toBe('banks')
  expect(serviceOf({ slug: 'banks', name: 'categorise' })).toBe('categorise')
  expect([slugOf(null), slugOf('x'), slugOf({ konnector: 3 })]).toEqual(['', '', ''])
})

test('a job that never began took no time', () => {
  expect(secondsOf(job({ started_at: '2026-01-01T00:00:00Z', finished_at: '2026-01-01T00:01:30Z' }))).toBe(90)
  expect(secondsOf(job({ started_at: '0001-01-01T00:00:00Z', finished_at: '2026-01-01T00:01:30Z' }))).toBeUndefined()
})

describe('again', () => {
  test('by its trigger', () => {
    expect(againOf(job({ trigger_id: 't' }), [trigger])).toEqual({ trigger: 't' })
  })
  test('by itself where the trigger is gone', () => {
    expect(againOf(job({ trigger_id: 'gone', message: { konnector: 'edf' } }), [trigger])).toEqual({ worker: 'konnector', message: { konnector: 'edf' } })
  })
  test('not what still runs, nor what only the server may start', () => {
    expect(againOf(job({ state: 'running', trigger_id: 't' }), [trigger])).toBeUndefined()
    expect(againOf(job({ worker: 'mail' }), [])).toBeUndefined()
  })
})
