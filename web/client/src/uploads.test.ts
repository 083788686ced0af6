import { beforeEach, expect, test, vi } from 'vitest'
import { Refused, Unreachable } from './errors'
import type { FileResource, Taken } from './files'
import type { Placed } from './tree'
import type { Sending } from './upload'
import { type Target, type Upload, Uploads } from './uploads'

const HOME = { id: 'home', name: 'Home' }

/** A place for files in memory; a test can hold what is sent, and let it go or fail. */
class Memory implements Target {
  readonly held = new Map<string, Map<string, Taken>>([['home', new Map()]])
  readonly sent: string[] = []
  readonly abandoned: string[] = []
  readonly asked: number[] = []
  sending = 0
  most = 0
  space: number | undefined
  /** Decides how the sending of a name ends. */
  gate: (name: string, signal: AbortSignal) => Promise<void> = () => Promise.resolve()
  reach: () => Promise<void> = () => Promise.resolve()

  private in(folder: string): Map<string, Taken> {
    const held = this.held.get(folder)
    if (!held) throw new Refused(404, 'no such folder', folder)
    return held
  }

  async taken(folder: string, names: readonly string[]) {
    await this.reach()
    this.asked.push(names.length)
    return new Map([...this.in(folder)].filter(([name]) => names.includes(name)))
  }

  async makeFolder(parent: string, name: string) {
    const held = this.in(parent)
    if (held.has(name)) throw new Refused(409, 'file already exists', name)
    const id = `${parent}/${name}`
    held.set(name, { id, kind: 'directory' })
    this.held.set(id, new Map())
    return { id } as FileResource
  }

  async create(folder: string, name: string, file: File, { signal, told }: Sending) {
    this.sending += 1
    this.most = Math.max(this.most, this.sending)
    try {
      told?.(file.size / 2)
      await this.gate(name, signal as AbortSignal)
      if (this.in(folder).has(name)) throw new Refused(409, 'file already exists', name)
      const id = `${folder}/${name}`
      this.in(folder).set(name, { id, kind: 'file' })
      this.sent.push(id)
      return { id } as FileResource
    } finally {
      this.sending -= 1
    }
  }

  async replace(id: string) {
    this.sent.push(`new ${id}`)
    return { id } as FileResource
  }

  async abandon(where: string) {
    this.abandoned.push(where)
  }

  async room() {
    await this.reach()
    return this.space
  }
}

const file = (name: string, path: string[] = [], size = 4): Placed => ({ path, file: new File(['x'.repeat(size)], name) })
const files = (...all: Placed[]) => ({ files: all, empty: [] })

let memory: Memory
let uploads: Uploads

beforeEach(() => {
  vi.useFakeTimers()
  memory = new Memory()
  uploads = new Uploads(memory)
})

/** Lets all that can happen happen, timers included. */
const settle = (ms = 200) => vi.advanceTimersByTimeAsync(ms)
const states = () => uploads.snapshot().items.map(item => `${item.name} ${item.state}`)
const one = (name: string): Upload => uploads.snapshot().items.find(item => item.name === name) as Upload

/** Holds what is sent until the test lets it go; what is stopped meanwhile fails as a request does. */
function hold(): () => void {
  let go = () => undefined as void
  const let_go = new Promise<void>(resolve => (go = resolve))
  memory.gate = (_, signal) =>
    Promise.race([let_go, new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError'))))])
  return go
}

test('a tree keeps its folders, made once, and those that were empty', async () => {
  uploads.add(HOME, { files: [file('a', ['one', 'two']), file('b', ['one', 'two']), file('c')], empty: [['one', 'nothing']] })
  await settle()
  expect(memory.sent.sort()).toEqual(['home/c', 'home/one/two/a', 'home/one/two/b'])
  expect(memory.held.has('home/one/nothing')).toBe(true)
  expect(uploads.snapshot().counts.done).toBe(4)
})

test('files go into a folder that is there already', async () => {
  memory.held.get('home')?.set('one', { id: 'known', kind: 'directory' })
  memory.held.set('known', new Map())
  uploads.add(HOME, files(file('a', ['one'])))
  await settle()
  expect(memory.sent).toEqual(['known/a'])
})

test('at most three are sent at once', async () => {
  const go = hold()
  uploads.add(HOME, files(...Array.from({ length: 10 }, (_, at) => file(`f${at}`))))
  await settle()
  expect(memory.sending).toBe(3)
  expect(uploads.snapshot().sent).toBe(6)
  go()
  await settle(5000)
  expect(memory.most).toBe(3)
  expect(uploads.snapshot().counts.done).toBe(10)
})

test('names of a folder are asked about together', async () => {
  uploads.add(HOME, files(...Array.from({ length: 500 }, (_, at) => file(`f${at}`))))
  await settle(5000)
  expect(uploads.snapshot().counts.done).toBe(500)
  expect(memory.asked.length).toBeLessThan(12)
})

test.each([
  ['both', ['home/a (2).txt'], 'done'],
  ['replace', ['new id-a'], 'done'],
  ['skip', [], 'skipped'],
] as const)('where a name is taken it is asked: %s', async (choice, sent, state) => {
  memory.held.get('home')?.set('a.txt', { id: 'id-a', kind: 'file' })
  uploads.add(HOME, files(file('a.txt')))
  await settle()
  expect(states()).toEqual(['a.txt asks'])
  uploads.answer(one('a.txt').id, choice)
  await settle()
  expect(memory.sent).toEqual(sent)
  expect(states()).toEqual([`a.txt ${state}`])
})

test('an answer for all holds for those that are still to come', async () => {
  for (const name of ['a', 'b', 'c']) memory.held.get('home')?.set(name, { id: name, kind: 'file' })
  uploads.add(HOME, files(file('a'), file('b'), file('c'), file('d')))
  await settle()
  uploads.answer(one('a').id, 'replace', true)
  await settle()
  expect(memory.sent.sort()).toEqual(['home/d', 'new a', 'new b', 'new c'])
})

test('a folder is never replaced by a file', async () => {
  memory.held.get('home')?.set('a', { id: 'folder', kind: 'directory' })
  uploads.add(HOME, files(file('a')))
  await settle()
  uploads.answer(one('a').id, 'replace')
  await settle()
  expect(memory.sent).toEqual(['home/a (2)'])
})

test('a name that someone takes meanwhile is asked about too', async () => {
  const go = hold()
  uploads.add(HOME, files(file('a')))
  await settle()
  memory.held.get('home')?.set('a', { id: 'other', kind: 'file' })
  go()
  await settle()
  expect(states()).toEqual(['a asks'])
})

test('a small file that is paused stops, and begins anew when it goes on', async () => {
  hold()
  uploads.add(HOME, files(file('a'), file('b')))
  await settle()
  uploads.hold(one('a').id)
  await settle()
  expect(one('a')).toMatchObject({ state: 'paused', sent: 0 })
  expect(one('b').state).toBe('sending')
  memory.gate = () => Promise.resolve()
  uploads.resume(one('a').id)
  await settle()
  expect(one('a').state).toBe('done')
})

test('all can be paused and go on', async () => {
  hold()
  uploads.add(HOME, files(...Array.from({ length: 6 }, (_, at) => file(`f${at}`))))
  await settle()
  uploads.hold()
  await settle()
  expect(uploads.snapshot().counts.paused).toBe(6)
  expect(memory.sending).toBe(0)
  memory.gate = () => Promise.resolve()
  uploads.resume()
  await settle(2000)
  expect(uploads.snapshot().counts.done).toBe(6)
})

test('what is cancelled goes, and what has arrived stays', async () => {
  uploads.add(HOME, files(file('a')))
  await settle()
  hold()
  uploads.add(HOME, files(file('b'), file('c')))
  await settle()
  uploads.cancel()
  await settle()
  expect(states()).toEqual(['a done'])
  expect(memory.sending).toBe(0)
})

test('what is refused fails alone, and can be tried again', async () => {
  memory.gate = name => (name === 'a' ? Promise.reject(new Refused(413, 'too big', name)) : Promise.resolve())
  uploads.add(HOME, files(file('a'), file('b')))
  await settle()
  expect(states()).toEqual(['a failed', 'b done'])
  memory.gate = () => Promise.resolve()
  uploads.retry()
  await settle()
  expect(one('a').state).toBe('done')
})

test('while the server does not answer all waits, and goes on when it does', async () => {
  const away = () => Promise.reject(new Unreachable('gone'))
  memory.gate = away
  memory.reach = away
  uploads.add(HOME, files(file('a'), file('b')))
  await settle(3000)
  expect(uploads.snapshot()).toMatchObject({ away: true, counts: { waiting: 2, failed: 0 } })
  memory.gate = () => Promise.resolve()
  memory.reach = () => Promise.resolve()
  await settle(30_000)
  expect(uploads.snapshot()).toMatchObject({ away: false, counts: { done: 2 } })
})

test('asking at once does not wait for the next try', async () => {
  const away = () => Promise.reject(new Unreachable('gone'))
  memory.gate = memory.reach = away
  uploads.add(HOME, files(file('a')))
  await settle(16_000)
  memory.gate = memory.reach = () => Promise.resolve()
  uploads.reach()
  await settle(200)
  expect(one('a').state).toBe('done')
})

test('a connection that breaks because the file does not fit says so', async () => {
  memory.space = 2
  memory.gate = () => Promise.reject(new Unreachable('closed'))
  uploads.add(HOME, files(file('a')))
  await settle()
  expect(one('a')).toMatchObject({ state: 'failed', error: { status: 413 } })
})

test('a large file that does not fit is not sent at all', async () => {
  memory.space = 49_000_000
  const large = file('a')
  Object.defineProperty(large.file, 'size', { value: 50_000_000 })
  uploads.add(HOME, files(large))
  await settle()
  expect(one('a')).toMatchObject({ state: 'failed', error: { status: 413 } })
  expect(memory.most).toBe(0)
})

test('a connection that breaks again and again, while the server answers, is a failure', async () => {
  memory.gate = () => Promise.reject(new Unreachable('closed'))
  uploads.add(HOME, files(file('a')))
  await settle(9000)
  expect(one('a').state).toBe('failed')
})

test('a folder that could not be made is tried again with its files', async () => {
  const make = memory.makeFolder.bind(memory)
  memory.makeFolder = () => Promise.reject(new Refused(507, 'full', ''))
  uploads.add(HOME, files(file('a', ['one'])))
  await settle()
  expect(states()).toEqual(['a failed'])
  memory.makeFolder = make
  uploads.retry()
  await settle()
  expect(memory.sent).toEqual(['home/one/a'])
})

test('leaving the page matters only while something is under way', async () => {
  const go = hold()
  uploads.add(HOME, files(file('a')))
  await settle()
  expect(uploads.busy()).toBe(true)
  go()
  await settle()
  expect(uploads.busy()).toBe(false)
})

test('a large file that is paused keeps what arrived', async () => {
  const create = memory.create.bind(memory)
  memory.create = (folder, name, sent, sending) => {
    sending.began?.(`at/${name}`)
    sending.arrived?.(3)
    return create(folder, name, sent, sending)
  }
  hold()
  uploads.add(HOME, files(file('a'), file('b')))
  await settle()
  uploads.hold()
  await settle()
  expect(one('a')).toMatchObject({ state: 'paused', sent: 3 })
  uploads.cancel(one('b').id)
  expect(memory.abandoned).toEqual(['at/b'])
})

test('what the server fails at is tried again, and not for ever', async () => {
  let faults = 2
  memory.gate = () => (faults-- > 0 ? Promise.reject(new Refused(503, 'stopping', '')) : Promise.resolve())
  uploads.add(HOME, files(file('a')))
  await settle(9000)
  expect(one('a').state).toBe('done')
  faults = 99
  uploads.add(HOME, files(file('b')))
  await settle(30_000)
  expect(one('b')).toMatchObject({ state: 'failed', error: { status: 503 } })
})

test('the very same content under the same name is not sent again', async () => {
  memory.held.get('home')?.set('a', { id: 'a', kind: 'file', size: 4, md5sum: '6kFu0HWdRqjeWPY6WQd0mQ==' })
  memory.held.get('home')?.set('b', { id: 'b', kind: 'file', size: 4, md5sum: 'AAAAAAAAAAAAAAAAAAAAAA==' })
  uploads.add(HOME, files(file('a'), file('b')))
  await vi.waitFor(async () => {
    await settle()
    expect(states()).toEqual(['a skipped', 'b asks'])
  })
  expect(one('a').same).toBe(true)
})

test('a large file whose bytes are there under another name is not sent, a small one is not asked about', async () => {
  vi.useRealTimers()
  const asked: string[] = []
  const target = Object.assign(memory, {
    same: async (goal: { folder: string; name: string } | { id: string }) => {
      const name = 'name' in goal ? goal.name : goal.id
      asked.push(name)
      return name === 'known' || name === 'old' ? { id: `same ${name}` } : undefined
    },
  })
  memory.held.get('home')?.set('kept', { id: 'old', kind: 'file', size: 3 })
  uploads = new Uploads(target)
  uploads.add(HOME, files(file('known', [], 1_000_000), file('new', [], 1_000_000), file('small'), file('kept', [], 1_000_000)))
  await vi.waitFor(() => expect(states()).toContain('kept asks'))
  uploads.answer(one('kept').id, 'replace')
  await vi.waitFor(() => expect(uploads.snapshot().counts.done).toBe(4))
  expect(asked.sort()).toEqual(['known', 'new', 'old'])
  expect(memory.sent.sort()).toEqual(['home/new', 'home/small'])
  expect(uploads.snapshot().items.filter(item => item.copied).map(item => item.name)).toEqual(['known', 'kept'])
})
