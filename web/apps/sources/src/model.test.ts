import { faults } from '@alcove/ui'
import { describe, expect, test } from 'vitest'
import { accountFor, faultIn, type Field, fieldsOf, healthOf, type Konnector, mayDo, nameOf, reached, type Run, secondsOf, triggerFor, untaken } from './model'
import { texts } from './texts'

const konnector: Konnector = {
  _id: 'io.cozy.konnectors/bank',
  slug: 'bank',
  name: 'Bank',
  locales: {
    fr: { name: 'Banque', permissions: { files: { description: 'Ranger vos papiers' } }, fields: { agency: { label: 'Agence' } } },
  },
  permissions: { files: { type: 'io.cozy.files', description: 'Stores your papers' }, apps: { type: 'io.cozy.apps', verbs: ['GET'] } },
  fields: {
    login: { type: 'text', min: 3 },
    password: { type: 'password' },
    agency: { type: 'dropdown', required: false, options: [{ name: 'One', value: '1' }, { value: '2' }] },
    keep: { type: 'checkbox', default: true },
    token: { type: 'hidden' },
    advancedFields: { type: 'text' },
  },
}

const run = (more: Partial<Run> = {}): Run => ({
  _id: 'r', connector: 'bank', account: 'a', state: 'done', network: 'none', manual: true, started_at: '2026-01-01T10:00:00Z',
  total: 0, done: 0, label: '', outcomes: {}, counts: {}, brought: {}, files: [], ...more,
})

const field = (more: Partial<Field>): Field => ({
  name: 'f', label: 'F', kind: 'text', required: true, initial: '', options: [], min: undefined, max: undefined, pattern: undefined, ...more,
})

test('every text is there in both languages', () => {
  expect(faults('sources', texts)).toEqual([])
})

describe('how a source is doing', () => {
  test.each([
    ['new', undefined, [], false],
    ['well', run({ outcomes: { new: 3, known: 1 } }), [null], false],
    ['partly', run({ outcomes: { new: 3, not_understood: 1 } }), [], false],
    ['failed', run({ state: 'errored' }), [''], false],
    ['login', run({ state: 'errored' }), ['LOGIN_FAILED.NEEDS_SECRET'], false],
    ['person', run(), ['USER_ACTION_NEEDED.SCA_REQUIRED'], false],
    ['running', run({ state: 'running' }), ['LOGIN_FAILED'], false],
    ['asks', run({ state: 'running' }), [], true],
  ] as const)('is %s', (health, last, states, asks) => {
    const accounts = states.map((state, at) => ({ _id: String(at), account_type: 'bank', state }))
    expect(healthOf(last, accounts, asks)).toBe(health)
  })

  test('files that were not taken are counted, whatever the reason', () => {
    expect(untaken({ outcomes: { new: 5, error: 1, asked: 2, not_understood: 3 } })).toBe(6)
  })

  test('a run that goes on has no length yet, and a clock that went back makes none below zero', () => {
    expect(secondsOf({ started_at: '2026-01-01T10:00:00Z' })).toBeUndefined()
    expect(secondsOf({ started_at: '2026-01-01T10:00:00Z', ended_at: '2026-01-01T10:00:02.5Z' })).toBe(2.5)
    expect(secondsOf({ started_at: '2026-01-01T10:00:00Z', ended_at: '2026-01-01T09:00:00Z' })).toBe(0)
  })

  test('what it reached is said only where it is known', () => {
    expect(reached([])).toBe('never')
    expect(reached([run(), run()])).toBe('nothing')
    expect(reached([run(), run({ network: 'told' })])).toBe('told')
    expect(reached([run(), run({ network: 'told' }), run({ network: 'unknown' })])).toBe('unknown')
  })
})

describe('the manifest in words', () => {
  test('names and permissions are in the language where there are words', () => {
    expect([nameOf(konnector, 'fr'), nameOf(konnector, 'en')]).toEqual(['Banque', 'Bank'])
    expect(mayDo(konnector, 'fr')).toEqual([
      { title: 'files', words: 'Ranger vos papiers', reads: true, writes: true },
      { title: 'apps', words: 'io.cozy.apps', reads: true, writes: false },
    ])
    expect(mayDo(konnector, 'en')[0]?.words).toBe('Stores your papers')
  })

  test('the form asks for what is for people', () => {
    const fields = fieldsOf(konnector, 'fr')
    expect(fields.map(({ name, label, kind, required }) => [name, label, kind, required])).toEqual([
      ['login', 'Identifiant', 'text', true],
      ['password', 'Mot de passe', 'password', true],
      ['agency', 'Agence', 'choice', false],
      ['keep', 'keep', 'tick', false],
    ])
    expect(fields[2]?.options).toEqual([{ value: '1', label: 'One' }, { value: '2', label: '2' }])
    expect(fieldsOf({ _id: 'x', slug: 'x' }, 'fr')).toEqual([])
  })

  test('what is filled in becomes an account as connectors read it', () => {
    const account = accountFor(konnector, fieldsOf(konnector, 'en'), { login: 'me', password: 'secret', keep: 'true' })
    expect(account).toEqual({ account_type: 'bank', name: 'me', auth: { login: 'me', password: 'secret', agency: '', keep: true }, state: null })
    expect(triggerFor(konnector, 'a')).toMatchObject({ type: '@weekly', message: { account: 'a', konnector: 'bank' } })
    expect(triggerFor({ ...konnector, frequency: 'daily' }, 'a').type).toBe('@daily')
    expect(triggerFor({ ...konnector, frequency: 'never' }, 'a').type).toBe('@weekly')
  })

  test.each([
    [field({}), '', 'required'],
    [field({ required: false }), '', undefined],
    [field({ min: 3 }), 'ab', 'short'],
    [field({ max: 3 }), 'abcd', 'long'],
    [field({ pattern: '\\d+' }), 'a1', 'pattern'],
    [field({ pattern: '(' }), 'a1', undefined],
    [field({ min: 1, max: 9, pattern: '\\w+' }), 'abc', undefined],
  ])('a value is looked at before it is sent', (one, value, fault) => {
    expect(faultIn(one, value)).toBe(fault)
  })
})
