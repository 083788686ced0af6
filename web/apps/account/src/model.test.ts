import { faults } from '@alcove/ui'
import { describe, expect, it } from 'vitest'
import { LEAST, strength, VERDICTS } from '../../../../alcove/identity/pages/passphrase.js'
import { texts as connecting } from './connecttexts'
import { addressesOf, appPasswordsOf, clientsOf, devicesOf, firstApp, merge, partOf, spaceOf, systemOf, today } from './model'
import { texts } from './texts'

describe('settings that two pages change', () => {
  const seen = { public_name: 'Alice', locale: 'fr', tz: 'Europe/Paris' }

  it('keeps what others changed elsewhere', () => {
    const now = { ...seen, locale: 'en', email: 'a@example.org' }
    expect(merge(seen, now, { public_name: 'Chloé' })).toEqual({ attributes: { ...now, public_name: 'Chloé' } })
  })

  it('tells when they changed the same thing', () => {
    expect(merge(seen, { ...seen, public_name: 'Bob' }, { public_name: 'Chloé' })).toEqual({ clash: ['public_name'] })
  })

  it('sees no clash when they changed it to the same', () => {
    const now = { ...seen, public_name: 'Chloé' }
    expect(merge(seen, now, { public_name: 'Chloé' })).toEqual({ attributes: now })
  })
})

describe('the space taken', () => {
  it('is told by kinds that a person knows, in a fixed order', () => {
    const kinds = { image: '5', pdf: '2', text: '3', trash: '4', 'application': '1', zip: '6' }
    expect(spaceOf({ used: '28', files: '21', versions: '7', quota: '100', kinds })).toEqual({
      used: 28,
      quota: 100,
      parts: [
        { kind: 'photos', bytes: 5 },
        { kind: 'documents', bytes: 5 },
        { kind: 'others', bytes: 7 },
        { kind: 'versions', bytes: 7 },
        { kind: 'trash', bytes: 4 },
      ],
    })
  })

  it('may be empty and without a limit', () => {
    expect(spaceOf({ used: '0', files: '0', versions: '0' })).toEqual({ used: 0, quota: undefined, parts: [] })
  })
})

describe('who is signed in', () => {
  const session = (id: string, seen: string, current = false) => ({
    id,
    attributes: { created_at: '2026-01-01T00:00:00Z', last_seen: seen, long_run: false },
    meta: { current },
  })

  it('begins with this browser, then who was seen last; a login that is not known has no name', () => {
    const sessions = [session('a', '2026-01-02T00:00:00Z'), session('b', '2026-01-03T00:00:00Z'), session('c', '2026-01-01T00:00:00Z', true)]
    const devices = devicesOf(sessions, [{ _id: '1', session_id: 'a', browser: 'Firefox', os: 'Linux', ip: '192.0.2.1' }])
    expect(devices.map(device => device.id)).toEqual(['c', 'b', 'a'])
    expect(devices[2]).toMatchObject({ browser: 'Firefox', os: 'Linux', address: '192.0.2.1' })
    expect(devices[1]).toMatchObject({ browser: '', address: '' })
  })

  it('knows what was seen within a day', () => {
    const now = Date.parse('2026-01-02T12:00:00Z')
    expect(today('2026-01-01T13:00:00Z', now)).toBe(true)
    expect(today('2026-01-01T11:00:00Z', now)).toBe(false)
  })
})

describe('connected clients', () => {
  it('come with those heard of last first', () => {
    const said = (id: string, more: object) => ({ id, attributes: { client_name: id, ...more } })
    const known = clientsOf([
      said('old', { last_refreshed_at: '2026-01-01T00:00:00Z' }),
      said('new', { last_refreshed_at: '2026-01-01T00:00:00Z', synchronized_at: '2026-01-05T00:00:00Z', flagship: true, client_kind: 'mobile' }),
      said('never', {}),
    ])
    expect(known.map(one => one.id)).toEqual(['new', 'old', 'never'])
    expect(known[0]).toMatchObject({ kind: 'mobile', whole: true, seen: '2026-01-05T00:00:00Z' })
  })
})

describe('the app that opens first', () => {
  it('is the one that was chosen, if it is there', () => {
    expect(firstApp('money/#/x', ['place', 'money'])).toBe('money')
    expect(firstApp('home/', ['place', 'money'])).toBe('place')
    expect(firstApp(undefined, ['place'])).toBe('place')
  })
})

describe('the strength of a passphrase', () => {
  it.each([
    ['', 0],
    ['short', 0],
    ['aaaaaaaaaaaaaaaa', 1],
    ['password', 1],
    ['azerty123456789', 1],
    ['alice alice alice', 1],
    ['cheval juste', 2],
    ['cheval juste bleu', 3],
    ['cheval juste batterie agrafe orange', 4],
    ['kJ8#mZ2!qT9$wX', 4],
  ])('of %j is %i', (text, level) => {
    expect(strength(text, ['Alice', 'me.localhost'])).toBe(level)
  })

  it('does not fall when a word is added', () => {
    const words = ['lampe', 'fleuve', 'nuage', 'pomme', 'craie']
    const levels = words.map((_, at) => strength(words.slice(0, at + 1).join(' ')))
    expect(levels).toEqual([...levels].sort())
    expect(levels.at(-1)).toBe(4)
  })

  it('has a word for each level in each language', () => {
    expect(VERDICTS.en).toHaveLength(5)
    expect(VERDICTS.fr).toHaveLength(5)
    for (const said of [VERDICTS.en[0], VERDICTS.fr[0]]) expect(said).toContain(String(LEAST))
  })
})

describe('devices that are connected', () => {
  it('shows the app passwords used last first', () => {
    const said = (id: string, created_at: string, last_used_at?: string) => ({ id, attributes: { name: id, created_at, ...(last_used_at && { last_used_at }) } })
    const shown = appPasswordsOf([said('old', '2026-01-01'), said('new', '2026-01-03'), said('used', '2026-01-02', '2026-01-04')])
    expect(shown.map(one => one.id)).toEqual(['used', 'new', 'old'])
    expect(shown[1]?.used).toBe('')
  })

  it.each([
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)', 'ios'],
    ['Mozilla/5.0 (Linux; Android 15)', 'android'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'macos'],
    ['Mozilla/5.0 (X11; Linux x86_64)', 'linux'],
  ])('knows from %j that it is %s', (agent, system) => {
    expect(systemOf(agent)).toBe(system)
  })

  it('writes the address as each program wants it', () => {
    const at = (scheme: string) => ({ server: `${scheme}://me.example`, login: 'me', webdav: `${scheme}://me.example/dav/files/`, picture: '' })
    expect(addressesOf(at('https'))).toMatchObject({ gnome: 'davs://me.example/dav/files/', kde: 'webdavs://me.example/dav/files/' })
    expect(addressesOf(at('http'))).toMatchObject({ gnome: 'dav://me.example/dav/files/', kde: 'webdav://me.example/dav/files/' })
    expect(addressesOf(at('https')).rclone).toContain(' url=https://me.example/remote.php/dav/files/me/ vendor=nextcloud user=me ')
  })

  it.each(['en', 'fr'] as const)('names in the steps (%s) nothing but what is known', language => {
    const known = Object.keys(addressesOf({ server: '', login: '', webdav: '', picture: '' }))
    const named = Object.values(connecting[language]).flatMap(text => [...String(text).matchAll(/\[(\w+)\]/g)].map(found => found[1]))
    expect(known).toEqual(expect.arrayContaining(named))
    expect(named.length).toBeGreaterThan(10)
  })
})

it('finds a part by our name and by that of Cozy', () => {
  expect(['#passphrase', '#/profile/password', '#/storage', '#about', '', '#/', '#else', '#constructor'].map(partOf)).toEqual([
    'passphrase',
    'passphrase',
    'space',
    'about',
    undefined,
    undefined,
    undefined,
    undefined
  ])
})

it('says everything in both languages', () => {
  expect(faults('account', texts)).toEqual([])
})
