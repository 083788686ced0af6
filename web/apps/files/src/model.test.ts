import { faults } from '@alcove/ui'
import { describe, expect, test } from 'vitest'
import { between, type Entry, entryOfStored, holding, ordered, orderOf, shownAs, textOf, wrongName } from './model'
import { textIn } from './preview'
import { texts } from './texts'

const entry = (name: string, more: Partial<Entry> = {}): Entry => ({
  id: name, name, parent: 'p', folder: false, size: 0, mime: '', kind: 'files', updated: '', moment: Date.parse(more.updated ?? '') || 0, created: '', pictures: undefined, from: undefined, mark: '', generation: 1, turn: 0, favorite: false, ...more,
})
const names = (entries: readonly Entry[]) => entries.map(one => one.name)

test('texts are complete in both languages', () => expect(faults('files', texts)).toEqual([]))

describe('orders', () => {
  const list = [
    entry('a folder', { folder: true }),
    entry('b folder', { folder: true }),
    entry('a', { size: 5, updated: '2026-03-01T00:00:00Z', kind: 'pdf' }),
    entry('b', { size: 9, updated: '2026-01-01T00:00:00Z', kind: 'image' }),
    entry('c', { size: 5, updated: '2026-02-01T00:00:00+02:00', kind: 'pdf' }),
  ]
  test.each([
    ['name', 'a folder,b folder,a,b,c'],
    ['-name', 'b folder,a folder,c,b,a'],
    ['size', 'a folder,b folder,a,c,b'],
    ['-size', 'a folder,b folder,b,a,c'],
    ['updated', 'a folder,b folder,b,c,a'],
    ['kind', 'a folder,b folder,b,a,c'],
  ])('by %s, folders first and equal ones by name', (text, expected) => {
    const order = orderOf(text)
    expect(names(ordered(list, order)).join()).toBe(expected)
    expect(textOf(order) ?? 'name').toBe(text)
  })
  test('an order that does not exist is the usual one', () => expect(orderOf('-colour')).toEqual({ by: 'name', down: false }))
})

test('a filter knows neither case nor accents', () => {
  expect(names(holding([entry('Été à la mer.jpg'), entry('hiver.jpg')], 'ete A'))).toEqual(['Été à la mer.jpg'])
})

test('a range has both ends, whichever was first', () => {
  const list = ['a', 'b', 'c', 'd'].map(name => entry(name))
  expect(between(list, 'c', 'a')).toEqual(['a', 'b', 'c'])
  expect(between(list, 'gone', 'b')).toEqual(['b'])
  expect(between(list, 'a', 'gone')).toEqual([])
})

test.each([
  ['image/svg+xml', 'image', 'x.svg', 'image'],
  ['text/html', 'code', 'x.html', 'text'],
  ['application/xhtml+xml', 'application', 'x.xhtml', 'nothing'],
  ['text/markdown', 'text', 'x.md', 'markdown'],
  ['application/pdf', 'pdf', 'x.pdf', 'pdf'],
  ['video/mp4', 'video', 'x.mp4', 'video'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'text', 'x.docx', 'nothing'],
  ['application/octet-stream', 'files', 'x.ofx', 'text'],
  ['application/octet-stream', 'files', 'x.bin', 'nothing'],
])('%s is looked at as %s %s: %s', (mime, kind, name, shown) => expect(shownAs(entry(name, { mime, kind }))).toBe(shown))

test.each([
  ['', 'empty'],
  ['..', 'empty'],
  ['a/b', 'sign'],
  ['a\nb', 'sign'],
  ['é'.repeat(128), 'long'],
  ['é'.repeat(127), undefined],
  ['<b>', undefined],
])('the name %j: %s', (name, wrong) => expect(wrongName(name)).toBe(wrong))

test('a document that is none makes no entry', () => {
  for (const doc of [undefined, null, {}, { _id: 'x', _deleted: true }]) expect(entryOfStored(doc)).toBeUndefined()
})

test('bytes are read as the text that they are', () => {
  const bytes = (...all: number[]) => new Uint8Array(all).buffer
  expect(textIn(new TextEncoder().encode('été').buffer as ArrayBuffer)).toBe('été')
  expect(textIn(bytes(0xe9, 0x74, 0xe9))).toBe('été')
  expect(textIn(bytes(0xff, 0xfe, 0x61, 0))).toBe('a')
  expect(textIn(bytes(0x61, 0xc3))).toBe('a')
  expect(textIn(bytes(1, 0, 2))).toBeUndefined()
})
