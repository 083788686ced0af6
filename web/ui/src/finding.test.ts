import { describe, expect, it } from 'vitest'
import { amountAsked, grouped, type Hit, iconOf, marked, placeOf, plain, withoutFilters } from './finding'

const shown = (text: string, typed: string) => marked(text, typed).map(part => (part.marked ? `[${part.text}]` : part.text)).join('')

const hit = (kind: string, id: string, more: Partial<Hit['attributes']> = {}): Hit => ({
  type: 'x',
  id,
  attributes: { kind, title: id, detail: '', date: '', ...more },
})

describe('plain', () => {
  it.each([
    ['Électricité', 'electricite'],
    ['CŒUR Straße', 'coeur strasse'],
    ['Ｆｕｌｌ', 'full'],
    ['e\u0301te\u0301', 'ete'],
  ])('%s', (text, bare) => expect(plain(text)).toBe(bare))
})

describe('marked', () => {
  it.each([
    ['Facture EDF mars', 'edf', 'Facture [EDF] mars'],
    ['Électricité de France', 'elec', '[Élec]tricité de France'],
    ['facture_EDF-2024.pdf', 'edf 20', 'facture_[EDF]-[20]24.pdf'],
    ['Cœur de ville', 'coe', '[Cœ]ur de ville'],
    ['Cœur de ville', 'co', '[Cœ]ur de ville'],
    ['e\u0301te\u0301', 'et', '[e\u0301t]e\u0301'],
    ['de la mer', 'd mer', 'de la [mer]'],
    ['<b>x</b>', 'b', '<[b]>x</[b]>'],
    ['👍 pouce', 'pou', '👍 [pou]ce'],
    ['rien', '', 'rien'],
    ['', 'a', ''],
  ])('%s, asked for %s', (text, typed, parts) => expect(shown(text, typed)).toBe(parts))

  it('shows words that were found by another ending, and nothing for a filter', () => {
    const parts = marked('Factures d’eau, en PDF', 'facture type:pdf date:2025', ['factures'])
    expect(parts.filter(part => part.marked).map(part => part.text)).toEqual(['Facture'])
    expect(marked('Factures d’eau', 'facture eau', ['factures']).filter(part => part.marked).map(part => part.text)).toEqual(['Factures', 'eau'])
  })

  it.each([
    ['facture type:pdf', 'facture'],
    ['après:2024 dans:"Mes Impôts" avis', 'avis'],
    ['http://a.b', 'http://a.b'],
  ])('without its filters, %s is %s', (typed, rest) => expect(withoutFilters(typed)).toBe(rest))

  it('keeps every character', () => {
    const text = 'Ça coûte 1 234,56 € — déjà ! 👩‍👩‍👧 ﬁn'
    for (const typed of ['ca', 'coute 1', 'fi', 'deja', '€'])
      expect(marked(text, typed).map(part => part.text).join('')).toBe(text)
  })
})

describe('amountAsked', () => {
  it.each(['45,90', '45.9', 'edf 45,90 €', '45', '-45,9'])('45.90 is %s', typed => expect(amountAsked(-45.9, typed)).toBe(true))
  it.each(['45,91', '5,90', '145', '4', ''])('45.90 is not %s', typed => expect(amountAsked(-45.9, typed)).toBe(false))
  it.each(['1234,56', '1 234,56', '1\u202f234,5', '1,234.56'])('1234.56 is %s', typed => expect(amountAsked(1234.56, typed)).toBe(true))
})

describe('hits', () => {
  it('are shown by kind, without apps that are at hand already', () => {
    const hits = [hit('operations', 'o'), hit('files', 'f'), hit('apps', 'm', { slug: 'money' }), hit('apps', 'd', { slug: 'drive' }), hit('files', 'g')]
    const kinds = grouped(hits, new Set(['money']))
    expect(kinds.map(([kind, found]) => [kind, found.map(one => one.id)])).toEqual([['apps', ['d']], ['files', ['f', 'g']], ['operations', ['o']]])
  })

  it.each([
    [hit('files', '1', { type: 'file' }), 'files', { file: '1' }],
    [hit('files', '1', { type: 'directory' }), 'files', { folder: '1' }],
    [hit('bills', '1'), 'money', { bill: '1' }],
    [hit('operations', '1'), 'money', { operation: '1' }],
    [hit('accounts', '1'), 'money', { account: '1' }],
    [hit('apps', '1', { slug: 'drive' }), 'drive', {}],
  ] as const)('open where they belong', (one, slug, query) => expect(placeOf(one)).toEqual({ slug, query }))

  it('have the icon of what they are', () => {
    expect(iconOf(hit('files', '1', { type: 'file', class: 'spreadsheet' }))).toBe('table')
    expect(iconOf(hit('files', '1', { type: 'file', class: 'pdf' }))).toBe('file')
    expect(iconOf(hit('operations', '1'))).toBe('money')
  })
})
