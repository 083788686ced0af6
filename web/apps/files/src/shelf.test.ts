import { type FilePage, type FileResource, TRASH } from '@alcove/client'
import { expect, test } from 'vitest'
import { type Entry, entryOf } from './model'
import { Shelf } from './shelf'

const resource = (id: string, generation: number, more: Partial<FileResource['attributes']> = {}): FileResource => ({
  id,
  meta: { rev: `${generation}-x` },
  attributes: { type: 'file', name: id, dir_id: 'p', ...more },
})
const entry = (id: string, generation: number, more: Partial<FileResource['attributes']> = {}): Entry => entryOf(resource(id, generation, more))

async function opened(held: FileResource[] = [resource('a', 1), resource('b', 1)]): Promise<{ shelf: Shelf; names: (folder?: string) => string[] }> {
  const page = (children: FileResource[]): Promise<FilePage> => Promise.resolve({ children, count: children.length, next: undefined })
  const shelf = new Shelf({ open: id => page(id === 'p' ? held : []), more: () => page([]) }, 'en')
  for (const id of ['q', TRASH, 'p']) {
    const listing = shelf.open(id)
    await expect.poll(() => listing.whole()).toBe(true)
  }
  return { shelf, names: (folder = 'p') => shelf.open(folder).current().entries.map(one => one.name) }
}

/** A request whose answer the test gives. */
function held<T>(): { answer: Promise<T>; give: (value: T) => void; refuse: (error: Error) => void } {
  let [give, refuse] = [(_: T) => undefined as void, (_: Error) => undefined as void]
  const answer = new Promise<T>((resolve, reject) => ([give, refuse] = [resolve, reject]))
  return { answer, give, refuse }
}

const renamed = (name: string) => (now: Entry) => ({ ...now, name })
const away = (now: Entry) => ({ ...now, parent: TRASH })

test('what is told late of something that changed since is not believed', async () => {
  const { shelf, names } = await opened()
  shelf.tell([entry('a', 3, { name: 'third' })])
  shelf.tell([entry('a', 2, { name: 'second' })])
  expect(names()).toEqual(['b', 'third'])
  shelf.tell([entry('a', 4, { dir_id: 'q', name: 'third' })])
  shelf.tell([entry('a', 3, { name: 'third' })])
  expect(names()).toEqual(['b'])
  expect(names('q')).toEqual(['third'])
})

test('what is gone for ever does not come back', async () => {
  const { shelf, names } = await opened()
  shelf.gone(['a'])
  shelf.tell([entry('a', 9)])
  expect(names()).toEqual(['b'])
})

test('what is told of a page that was read before is old, until something was missed', async () => {
  const { shelf, names } = await opened()
  shelf.tell([entry('a', 2, { dir_id: 'q' })])
  await shelf.open('p').load()
  expect(names()).toEqual(['b'])
  shelf.renew('p')
  await expect.poll(() => names()).toEqual(['a', 'b'])
})

test('pictures and the count of their turns stay when realtime does not tell', async () => {
  const { shelf } = await opened()
  shelf.tell([{ ...entry('a', 1), pictures: { tiny: '/t' } }])
  shelf.drawn(['a', 'elsewhere'])
  shelf.drawn(['a'])
  shelf.tell([entry('a', 2, { name: 'c' })])
  expect(shelf.get('a')).toMatchObject({ name: 'c', pictures: { tiny: '/t' }, turn: 2 })
})

test('the same entry is changed one thing after the other, whatever takes longer', async () => {
  const { shelf, names } = await opened()
  const [first, second] = [held<Entry[]>(), held<Entry[]>()]
  const sent: string[] = []
  const a = shelf.get('a') as Entry
  const naming = shelf.act([a], renamed('c'), () => (sent.push('rename'), first.answer))
  const going = shelf.act([shelf.get('a') as Entry], away, () => (sent.push('trash'), second.answer))
  const other = shelf.act([shelf.get('b') as Entry], renamed('d'), async () => (sent.push('other'), []))
  await other
  expect(sent).toEqual(['rename', 'other'])
  expect([names(), names(TRASH)]).toEqual([['b'], ['c']])
  // The answer to the first does not bring back what the second has shown.
  shelf.tell([entry('a', 2, { name: 'c' })])
  first.give([a])
  await naming
  expect([names(), names(TRASH)]).toEqual([['b'], ['c']])
  second.give([a])
  await going
  expect(sent).toEqual(['rename', 'other', 'trash'])
  expect([names(), names(TRASH)]).toEqual([['b'], ['c']])
  // Nor does realtime, late.
  shelf.tell([entry('a', 2, { name: 'c' })])
  expect([names(), names(TRASH)]).toEqual([['b'], ['c']])
  shelf.tell([entry('a', 3, { name: 'c', dir_id: 'q' })])
  expect(names('q')).toEqual(['c'])
})

test('what is refused becomes again what it was, under what was asked for since', async () => {
  const { shelf, names } = await opened()
  const [first, second] = [held<Entry[]>(), held<Entry[]>()]
  const naming = shelf.act([shelf.get('a') as Entry], renamed('c'), () => first.answer)
  const going = shelf.act([shelf.get('a') as Entry], now => ({ ...now, parent: 'q' }), () => second.answer)
  expect(names('q')).toEqual(['c'])
  first.refuse(new Error('taken'))
  await expect(naming).rejects.toThrow('taken')
  expect(names('q')).toEqual(['a'])
  second.give([])
  await going
  expect(names()).toEqual(['a', 'b'])
})

test('a folder is filled before what is done with it next', async () => {
  const { shelf } = await opened([resource('a', 1), resource('f', 1, { type: 'directory' })])
  const first = held<Entry[]>()
  const sent: string[] = []
  const filling = shelf.act([shelf.get('a') as Entry], now => ({ ...now, parent: 'f' }), () => (sent.push('move'), first.answer), 'f')
  const going = shelf.act([shelf.get('f') as Entry], away, async () => (sent.push('trash'), []))
  await Promise.resolve()
  first.give([])
  await Promise.all([filling, going])
  expect(sent).toEqual(['move', 'trash'])
})
