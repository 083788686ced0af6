import { faults } from '@alcove/ui'
import { expect, test } from 'vitest'
import { categoriesOf, fitting, labelOf, mayDo, nameOf, type Offer, offersOf, routeOf } from './model'
import { texts } from './texts'

const offer = (more: Partial<Offer>): Offer => ({ slug: 'a', type: 'webapp', name: 'A', version: '1.0.0', installed: false, builtin: false, label: 'cannot_send', ...more })

test('every text is there in both languages', () => {
  expect(faults('market', texts)).toEqual([])
})

test('words of the language, else English, else the manifest', () => {
  const one = offer({ locales: { en: { name: 'Power', short_description: 'x' }, fr: { name: 'Énergie' } } })
  expect([nameOf(one, 'fr'), nameOf(one, 'en'), nameOf(offer({}), 'fr')]).toEqual(['Énergie', 'Power', 'A'])
})

test('what is found holds every word, whatever its accents', () => {
  const all = [offer({ slug: 'edf', type: 'konnector', locales: { fr: { name: 'Énergie de France' } }, categories: ['energy'] }), offer({ slug: 'b', installed: true })]
  const slugs = (...asked: [Parameters<typeof fitting>[1], string, string]) => fitting(all, ...asked, 'fr').map(one => one.slug)
  expect(slugs('all', '', 'france energie')).toEqual(['edf'])
  expect(slugs('webapp', '', '')).toEqual(['b'])
  expect(slugs('installed', '', '')).toEqual(['b'])
  expect(slugs('all', 'energy', '')).toEqual(['edf'])
  expect(slugs('all', '', 'rien')).toEqual([])
})

test('categories, the fullest first', () => {
  expect(categoriesOf([offer({ categories: ['b', 'a'] }), offer({ categories: ['a'] }), offer({})])).toEqual(['a', 'b'])
})

test('what it may do', () => {
  const one = offer({ permissions: { files: { type: 'io.cozy.files', description: 'Reads', verbs: ['GET'] }, bills: { type: 'io.cozy.bills' } } })
  expect(mayDo(one, 'fr').map(({ words, reads, writes }) => [words, reads, writes])).toEqual([['Reads', true, false], ['io.cozy.bills', true, true]])
})

test('where it is installed', () => {
  expect([routeOf(offer({})), routeOf(offer({ type: 'konnector', slug: 'edf' }))]).toEqual(['/apps/a', '/konnectors/edf'])
})

test.each([
  ['cannot_send', {}, 'webapp', true],
  ['cannot_send', { permissions: { files: { type: 'io.cozy.files' } } }, 'webapp', false],
  ['sends_on_approval', { permissions: { mail: { type: 'io.cozy.jobs', selector: 'worker', values: ['sendmail'] } } }, 'webapp', true],
  ['sends_on_approval', { permissions: { jobs: { type: 'io.cozy.jobs' } } }, 'webapp', true],
  ['cannot_send', { permissions: { jobs: { type: 'io.cozy.jobs', verbs: ['GET'] } } }, 'webapp', true],
  ['cannot_send', { permissions: { zip: { type: 'io.cozy.jobs', selector: 'worker', values: ['zip'] } } }, 'webapp', true],
  ['sends_on_approval', { permissions: { remote: { type: 'org.wikidata.search' } } }, 'webapp', true],
  ['cannot_send', { egress: [] }, 'konnector', true],
  ['sends_on_approval', { egress: ['api.example.org'] }, 'konnector', true],
  ['sends_on_approval', {}, 'konnector', true],
  ['trusted', { egress: [] }, 'konnector', false],
] as const)('%s: %o of a %s', (label, manifest, type, held) => {
  expect(labelOf({ slug: 'a', ...manifest } as never, type, held)).toBe(label)
})

test('what is there hides what a registry has', () => {
  const found = offersOf({
    apps: [{ attributes: { slug: 'files', source: 'builtin://files', version: '1' }, links: { icon: '/apps/files/icon/1' } }],
    konnectors: [{ attributes: { slug: 'edf', source: 'registry://edf/stable', available_version: '2' } }],
    ours: [{ attributes: { slug: 'bankfiles', source: 'builtin://bankfiles', egress: [] } }],
    registered: [
      { slug: 'edf', type: 'konnector', latest_version: { version: '2', manifest: { slug: 'edf' } } },
      { slug: 'notes', type: 'webapp', latest_version: { version: '3.0.0', manifest: { slug: 'x', screenshots: ['screenshots/a.png'] } } },
      { slug: 'empty' },
    ],
    held: true,
  })
  expect(found.map(({ slug, installed, builtin, available_version: newer }) => [slug, installed, builtin, newer])).toEqual([
    ['files', true, true, undefined],
    ['edf', true, false, '2'],
    ['bankfiles', true, true, undefined],
    ['notes', false, false, undefined],
  ])
  expect(found[3]?.screenshots).toEqual(['/registry/notes/3.0.0/screenshots/a.png'])
})
