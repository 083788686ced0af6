import { describe, expect, it } from 'vitest'
import { parametersOf } from './narrowing'

const TODAY = new Date(2026, 2, 5)
const NONE = { kind: '', when: '', from: '', inside: '' }

describe('what a search is narrowed to', () => {
  it('is left out where nothing was chosen', () => {
    expect(Object.values(parametersOf(NONE, TODAY)).filter(Boolean)).toEqual([])
    expect(Object.values(parametersOf({ kind: 'x', when: 'y', from: 'z', inside: '' }, TODAY)).filter(Boolean)).toEqual([])
  })
  it.each([
    ['7', '2026-02-26', undefined],
    ['30', '2026-02-03', undefined],
    ['year', '2026', undefined],
    ['last', '2025', '2025'],
  ])('%s goes from %s to %s', (when, since, until) => {
    const said = parametersOf({ ...NONE, when }, TODAY)
    expect([said['filter[since]'], said['filter[until]']]).toEqual([since, until])
  })
  it('is a kind, a way and a folder', () => {
    const said = parametersOf({ kind: 'pdf', when: '', from: 'webdav', inside: 'f' }, TODAY)
    expect([said['filter[type]'], said['filter[source]'], said['filter[folder]']]).toEqual(['pdf', 'webdav', 'f'])
  })
})
