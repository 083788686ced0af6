import { expect, test, vi } from 'vitest'
import { Door } from './door'
import { Refused, Unreachable } from './errors'
import { Pieces } from './pieces'
import * as sending from './upload'

/** A server of uploads in pieces, in memory. */
class Server {
  readonly uploads = new Map<string, { size: number; bytes: string; name: string; done?: string }>()
  readonly files = new Map<string, string>()
  asked: string[] = []
  /** Takes so many bytes of the next pieces, then breaks. */
  breaks: number[] = []

  readonly fetch = (async (url: string, init: RequestInit) => {
    const { pathname } = new URL(url)
    const headers = new Headers(init.headers)
    this.asked.push(`${init.method} ${pathname}`)
    if (init.method === 'POST') {
      const where = `/files/uploads/${this.uploads.size}`
      this.uploads.set(where, { size: Number(headers.get('Upload-Length')), bytes: '', name: said(headers.get('Upload-Metadata') ?? '') })
      return new Response(null, { status: 201, headers: { Location: where } })
    }
    const one = this.uploads.get(pathname)
    if (!one) return new Response('{"errors":[{"detail":"gone"}]}', { status: 404 })
    if (init.method === 'DELETE') this.uploads.delete(pathname)
    return new Response(null, { status: 200, headers: { 'Upload-Offset': String(one.bytes.length), ...(one.done && { 'Alcove-File': one.done }) } })
  }) as typeof fetch

  readonly patch = async (_: Door, where: string, body: Blob, { headers = {} }: sending.Sending) => {
    const one = this.uploads.get(where)
    if (!one) throw new Refused(404, 'gone', where)
    this.asked.push(`PATCH ${where} ${headers['Upload-Offset']}`)
    if (Number(headers['Upload-Offset']) !== one.bytes.length) {
      throw new Refused(409, 'go on from there', where, { errors: [{ source: { parameter: 'Upload-Offset' } }] })
    }
    one.name = said(headers['Upload-Metadata'] ?? '') || one.name
    const broken = this.breaks.shift()
    one.bytes += (await body.text()).slice(0, broken)
    if (one.bytes.length === one.size) {
      if (this.files.has(one.name)) throw new Refused(409, 'taken', where)
      this.files.set(one.name, one.bytes)
      one.done = one.name
    }
    if (broken !== undefined) throw new Unreachable('broke')
    return { getResponseHeader: (name: string) => (name === 'Alcove-File' ? (one.done ?? null) : String(one.bytes.length)) } as XMLHttpRequest
  }
}

const said = (header: string) => {
  const pair = header.split(',').find(one => one.startsWith('name '))
  return pair ? atob(pair.slice(5)) : ''
}

function stage() {
  const server = new Server()
  vi.spyOn(sending, 'request').mockImplementation(server.patch as typeof sending.request)
  const kept = new Map<string, string>()
  const shelf = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }
  let now = 1e12
  const door = new Door({ domain: 'me.localhost', token: 't' } as never, { protocol: 'http:' }, server.fetch)
  const page = () => new Pieces(door, shelf, 4, () => now)
  return { server, page, pass: (ms: number) => (now += ms), kept }
}

const film = new File(['0123456789'], 'film', { lastModified: 1000 })
const goal = { folder: 'home', name: 'film' }

test('a file goes in pieces', async () => {
  const { server, page, kept } = stage()
  const told: number[] = []
  expect(await page().send(goal, film, { arrived: bytes => told.push(bytes) })).toEqual({ id: 'film' })
  expect(server.files.get('film')).toBe('0123456789')
  expect(told).toEqual([4, 8, 10])
  expect(kept.get('alcove.uploads')).toBe('{}')
})

test('another page goes on where the first one stopped, at any byte', async () => {
  for (let at = 0; at <= 10; at += 1) {
    const { server, page, pass } = stage()
    server.breaks = at < 4 ? [at] : at < 8 ? [4, at - 4] : [4, 4, at - 8]
    const first = page()
    for (let tries = 0; tries < 3 && server.breaks.length; tries += 1) {
      await expect(first.send(goal, film)).rejects.toThrow('broke')
    }
    pass(11_000)
    expect(page().unfinished()).toMatchObject([{ name: 'film', folder: 'home', size: 10 }])
    expect(await page().send(goal, film)).toEqual({ id: 'film' })
    expect(server.files.get('film')).toBe('0123456789')
    expect(server.uploads.size).toBe(1)
    vi.restoreAllMocks()
  }
})

test('what the server forgot begins anew', async () => {
  const { server, page } = stage()
  server.breaks = [2]
  await expect(page().send(goal, film)).rejects.toThrow('broke')
  server.uploads.clear()
  expect(await page().send(goal, film)).toEqual({ id: 'film' })
})

test('a name that was taken meanwhile costs no second sending', async () => {
  const { server, page } = stage()
  server.files.set('film', 'other')
  await expect(page().send(goal, film)).rejects.toThrow('taken')
  server.asked = []
  expect(await page().send({ ...goal, name: 'film (2)' }, film)).toEqual({ id: 'film (2)' })
  expect(server.asked).toEqual(['HEAD /files/uploads/0', 'PATCH /files/uploads/0 10'])
})

test('what is given up is forgotten on both sides, and what is a week old too', async () => {
  const { server, page, pass } = stage()
  server.breaks = [2, 2]
  await expect(page().send(goal, film)).rejects.toThrow('broke')
  pass(11_000)
  await page().abandon('/files/uploads/0')
  expect(server.uploads.size).toBe(0)
  expect(page().unfinished()).toEqual([])
  await expect(page().send(goal, film)).rejects.toThrow('broke')
  pass(8 * 24 * 3_600_000)
  expect(page().unfinished()).toEqual([])
})
