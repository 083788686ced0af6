import { describe, expect, it } from 'vitest'
import { type Catalog, faults, speak, words } from './words'

const parts = import.meta.glob<Record<string, unknown>>(['./*texts.ts', '../../apps/*/src/**/*texts.ts'], { eager: true })
const catalogs = Object.entries(parts).flatMap(([file, exported]) =>
  Object.values(exported).flatMap(one => (typeof one === 'object' && one !== null && 'fr' in one ? [[file, one as Record<'en' | 'fr', Catalog>] as const] : [])),
)

describe('the texts of all apps', () => {
  it('are found', () => {
    expect(catalogs.map(([file]) => file)).toEqual(expect.arrayContaining(['./texts.ts', '../../apps/place/src/texts.ts', '../../apps/money/src/texts.ts']))
  })

  it.each(catalogs)('%s: both languages say the same keys with the same names in them', (file, all) => {
    expect(faults(file, all)).toEqual([])
  })
})

describe('speaking', () => {
  const all = words({
    en: { bills: { one: '{count} bill', other: '{count} bills' }, hello: 'Hello {name}.' },
    fr: { bills: { one: '{count} facture', many: '{count} de factures', other: '{count} factures' }, hello: 'Bonjour {name}.' },
  })

  it('takes the form of the count by the rule of the language', () => {
    const [en, fr] = [speak(all, 'en'), speak(all, 'fr')]
    expect([0, 1, 2].map(count => en('bills', { count }))).toEqual(['0 bills', '1 bill', '2 bills'])
    expect([0, 1, 2].map(count => fr('bills', { count }))).toEqual(['0 facture', '1 facture', '2 factures'])
    expect(fr('bills', { count: 1_000_000 })).toMatch(/de factures$/)
  })

  it('leaves a name that nobody gave, so that it is seen', () => {
    expect(speak(all, 'fr')('hello')).toBe('Bonjour {name}.')
  })

  it('finds what one language lacks', () => {
    const broken = { en: { a: '{count} files', b: 'b' }, fr: { a: 'des fichiers' } } as unknown as Record<'en' | 'fr', Catalog>
    expect(faults('x', broken)).toEqual(['x.a: {count} in en, {} in fr', 'x.b: missing in fr'])
  })
})
