import { faults } from '@alcove/ui'
import { expect, test } from 'vitest'
import { texts as guestTexts } from '../public/texts'
import { endOf, levelOf, linkOf } from '../sharing/links'
import { texts as sharingTexts } from '../sharing/texts'
import { clustersOf, pointOf, sightOf } from './clusters'
import { linesOf, ordered, photoOf, yearsOf } from './pictures'
import { texts } from './texts'

test('texts are complete in both languages', () => {
  expect([...faults('views', texts), ...faults('sharing', sharingTexts), ...faults('public', guestTexts)]).toEqual([])
})

const doc = (id: string, datetime: string, more: object = {}) => ({
  _id: id, _rev: '1-a', type: 'file', name: `${id}.jpg`, dir_id: 'd', class: 'image', trashed: false, metadata: { datetime, ...more },
})
const photo = (id: string, datetime: string, more: object = {}) => {
  const made = photoOf(doc(id, datetime, more))
  if (!made) throw new Error('no picture')
  return made
}

test('pictures stand by day, the latest first, in lines', () => {
  const photos = ordered(['a', 'b', 'c'].map((id, at) => photo(id, `2026-03-01T1${at}:00:00`)).concat(photo('old', '1969-07-20T12:00:00')))
  expect(linesOf(photos, 2).map(line => ('day' in line ? `${line.day} ${line.count}` : line.photos.map(one => one.id).join()))).toEqual(['2026-03-01 3', 'c,b', 'a', '1969-07-20 1', 'old'])
  expect(linesOf([], 3)).toEqual([])
})

test('years and months know where they begin and how much they hold', () => {
  const photos = ordered(['2026-03-01', '2026-03-02', '2026-01-05', '2024-12-31'].map((day, at) => photo(`p${at}`, `${day}T12:00:00`)))
  const years = yearsOf(linesOf(photos, 3))
  expect(years.map(({ name, at, count }) => `${name} ${at} ${count}`)).toEqual(['2026 0 3', '2024 6 1'])
  expect(years[0]?.months.map(({ name, at, count }) => `${name} ${at} ${count}`)).toEqual(['2026-03 0 2', '2026-01 4 1'])
})

test('what is no picture, or in the trash, is none; a place must be one', () => {
  expect(photoOf({ ...doc('a', ''), class: 'text' })).toBeUndefined()
  expect(photoOf({ ...doc('a', ''), trashed: true })).toBeUndefined()
  expect(photo('a', '', { gps: { lat: 48.85, long: 2.35 } }).place).toEqual([48.85, 2.35])
  expect(photo('a', '', { gps: { lat: 480, long: 2.35 } }).place).toBeUndefined()
  expect(photo('a', '', { gps: { lat: 48 } }).place).toBeUndefined()
})

test('places that are near to one another are one, until one looks closer', () => {
  const photos = [[48.85, 2.35], [48.86, 2.36], [43.3, 5.4]].map(([lat, long], at) => photo(`p${at}`, '2026-01-01T00:00:00Z', { gps: { lat, long } }))
  const places = photos.flatMap(one => (one.place ? [one.place] : []))
  const all = sightOf(places, 800, 400)
  for (const place of places) {
    const [x, y] = pointOf(place, all, 800, 400)
    expect(x >= 0 && x <= 800 && y >= 0 && y <= 400).toBe(true)
  }
  expect(clustersOf(photos, all, 800, 400).map(one => one.photos.length).sort()).toEqual([1, 2])
  const near = sightOf(places.slice(0, 2), 800, 400)
  expect(clustersOf(photos, near, 800, 400).map(one => one.photos.length)).toEqual([1, 1])
})

test('what a link allows, and when it ends', () => {
  expect([levelOf(['GET']), levelOf(['POST']), levelOf(['GET', 'POST']), levelOf([]), levelOf(['ALL'])]).toEqual(['read', 'drop', 'change', 'change', 'change'])
  const permissions = { files: { type: 'io.cozy.files', verbs: ['GET'], values: ['f'], description: 'Vacances' } }
  expect(linkOf({ id: 'l', attributes: { permissions, shortcodes: { link: 'abc' }, password: true } })).toMatchObject({ level: 'read', ids: ['f'], code: 'abc', locked: true, ends: undefined })
  expect(linkOf({ id: 'l', attributes: { permissions } })).toBeUndefined()
  expect(linkOf({ id: 'l', attributes: { permissions: { c: { type: 'io.cozy.contacts', values: ['x'] } }, codes: { link: 'abc' } } })).toBeUndefined()
  expect(new Date(endOf('2026-12-31')).getDate()).toBe(31)
  expect(endOf('')).toBe('')
})
