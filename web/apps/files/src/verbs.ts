// What a person does with files: shown at once, told to the server, taken back when it refuses, undone from the notice.
import { type Fault, type FileChange, nextFree, Refused, TRASH, useClient } from '@alcove/client'
import { type Say, type Toast, useSay, useToast, useUndoable, useWork, visible } from '@alcove/ui'
import { useMemo } from 'react'
import { useShelf } from './api'
import { type Entry, entryOf } from './model'
import type { Foresee } from './news'
import { texts } from './texts'

export interface Where {
  id: string
  name: string
}

type Key = keyof (typeof texts)['en']

/** Work on fewer things than this is over before one could read about it. */
const WORTH_SHOWING = 20
const TOGETHER = 6
/** The folder of what lies in none that is known. */
const NOWHERE = ''

/** What went wrong with one thing, in words that name it. */
export function faultText(say: Say<Key>, name: string, status: number, reason: string, wanted = name): string {
  const names = { name: visible(name), wanted: visible(wanted) }
  if (status === 409) return say(name === wanted ? 'fault.taken.there' : 'fault.taken', names)
  if (status === 404) return say('fault.gone', names)
  if (status === 412) return say('fault.inside', names)
  if (status === 422) return say('fault.name', names)
  if (status === 413 || status === 507) return say('fault.full', names)
  return say('fault.other', { ...names, reason })
}

export interface Verbs {
  rename: (entry: Entry, name: string) => Promise<void>
  move: (entries: readonly Entry[], to: Where) => Promise<void>
  copy: (entries: readonly Entry[], to: Where) => Promise<void>
  trash: (entries: readonly Entry[]) => Promise<void>
  restore: (entries: readonly Entry[]) => Promise<void>
  destroy: (entries: readonly Entry[]) => Promise<void>
  emptyTrash: () => Promise<void>
  makeFolder: (parent: string, name: string) => Promise<Entry>
  download: (entries: readonly Entry[]) => Promise<void>
  favor: (entries: readonly Entry[], favorite: boolean) => Promise<void>
  revert: (version: string, day: string) => Promise<void>
  downloadVersion: (version: string) => Promise<void>
  lookAtVersion: (version: string) => Promise<void>
  destroyVersion: (version: string, day: string) => Promise<void>
}

/** Lets the browser fetch a file: in a frame of its own, so that the page stays and its uploads are not asked about. */
export function fetchAway(address: string): void {
  const frame = document.createElement('iframe')
  frame.hidden = true
  frame.title = ''
  frame.src = address
  document.body.append(frame)
  setTimeout(() => frame.remove(), 120_000)
}

const asAttachment = (address: string) => `${address}${address.includes('?') ? '&' : '?'}Dl=1`

export function useVerbs(): Verbs {
  const { files } = useClient()
  const shelf = useShelf()
  const say = useSay(texts)
  const toast = useToast()
  const begin = useUndoable()
  const work = useWork()
  return useMemo(() => {
    const wrong = (error: unknown, entry?: Entry, wanted?: string) => {
      const reason = error instanceof Error ? error.message : String(error)
      const text = error instanceof Refused && entry ? faultText(say, entry.name, error.status, reason, wanted) : say('failed', { reason })
      toast({ text, bad: true })
    }
    const named = (entries: readonly Entry[]) => ({ count: entries.length, name: visible(entries[0]?.name ?? '') })

    /** Does the work, with its progress in the frame when it takes long. */
    const shown = async <T>(title: string, count: number, run: (told: (done: number) => void, signal: AbortSignal) => Promise<T>) => {
      const stopper = new AbortController()
      const id = `files:${crypto.randomUUID()}`
      const show = (done: number) => {
        if (count < WORTH_SHOWING) return
        work.show({ id, title, detail: say('work.of', { done, count }), share: done / count, cancel: () => stopper.abort() })
      }
      show(0)
      try {
        return await run(show, stopper.signal)
      } finally {
        work.end(id)
      }
    }

    /** One thing after the other, a few at once; answers which were done, and what was refused. */
    const each = async (entries: readonly Entry[], does: (entry: Entry) => Promise<unknown>, told: (done: number) => void, signal: AbortSignal) => {
      const faults: Fault[] = []
      const done: Entry[] = []
      const waiting = [...entries].reverse()
      const lane = async () => {
        for (let entry = waiting.pop(); entry && !signal.aborted; entry = waiting.pop()) {
          try {
            await does(entry)
            done.push(entry)
          } catch (error) {
            if (!(error instanceof Refused)) throw error
            faults.push({ id: entry.id, status: error.status, reason: error.reason })
          }
          told(done.length + faults.length)
        }
      }
      await Promise.all(Array.from({ length: TOGETHER }, lane))
      return { done, faults }
    }

    /** Tells of what was refused: its first by name, the others by their number. */
    const tell = (faults: readonly Fault[], entries: readonly Entry[]) => {
      const [first] = faults
      if (!first) return
      const entry = entries.find(one => one.id === first.id)
      const text = faultText(say, entry?.name ?? '', first.status, first.reason)
      toast({ text: faults.length > 1 ? say('fault.more', { text, count: faults.length - 1 }) : text, bad: true })
    }

    /** Changes many, shown at once. Answers those that were changed. */
    const change = (entries: readonly Entry[], title: string, asked: Omit<FileChange, 'id'> | ((entry: Entry) => Omit<FileChange, 'id'>), foresee: Foresee, into?: string) =>
      shelf.act(
        entries,
        foresee,
        async () => {
          const changes = entries.map(entry => ({ id: entry.id, ...(typeof asked === 'function' ? asked(entry) : asked) }))
          let sent = 0
          const faults = await shown(title, entries.length, (told, signal) => files.changeMany(changes, done => told((sent = done)), signal))
          shelf.gone(faults.filter(fault => fault.status === 404).map(fault => fault.id))
          tell(faults, entries)
          const refused = new Set(faults.map(fault => fault.id))
          return entries.slice(0, sent).filter(entry => !refused.has(entry.id))
        },
        into,
      )

    const toTrash = (entries: readonly Entry[]) =>
      change(entries, say('work.trash'), { move_to_trash: true }, entry => ({ ...entry, parent: TRASH, from: shelf.path(entry.parent) }))

    /** Back from the trash. Where it was is not known of what was thrown away elsewhere: it is shown once the server tells. */
    const fromTrash = (entries: readonly Entry[]) => {
      const parents = new Map(entries.map(entry => [entry.id, entry.parent]))
      const parent = (id: string) => (parents.get(id) === TRASH ? NOWHERE : (parents.get(id) ?? NOWHERE))
      return shelf.act(entries, entry => ({ ...entry, parent: parent(entry.id), from: undefined }), async () => {
        const { done, faults } = await shown(say('work.restore'), entries.length, (told, signal) =>
          each(entries, async entry => shelf.tell([entryOf(await files.restore(entry.id))]), told, signal),
        )
        tell(faults, entries)
        return done
      })
    }

    const guarded =
      <A extends unknown[]>(does: (...given: A) => Promise<void>) =>
      async (...given: A) => {
        try {
          await does(...given)
        } catch (error) {
          wrong(error)
        }
      }

    const back = guarded(async (entries: readonly Entry[]) => {
      const parents = new Map(entries.map(entry => [entry.id, entry.parent]))
      await change(entries, say('work.move'), entry => ({ dir_id: entry.parent }), entry => ({ ...entry, parent: parents.get(entry.id) ?? entry.parent }))
    })

    /** Does something that can be undone: the notice comes when it is done, its undoing is the last from now on. */
    const undoable = (does: () => Promise<Toast | undefined>) => {
      const end = begin()
      return does().then(end, (error: unknown) => {
        end()
        throw error
      })
    }

    const rename = async (entry: Entry, name: string) => {
      try {
        await shelf.act([entry], now => ({ ...now, name }), async () => {
          shelf.tell([entryOf(await files.change({ id: entry.id, name }))])
          return [entry]
        })
        return true
      } catch (error) {
        if (error instanceof Refused && error.status === 404) shelf.gone([entry.id])
        wrong(error, entry, name)
        return false
      }
    }

    const destroyed = async (id: string) => {
      try {
        await files.destroy(id)
      } catch (error) {
        // What is not there any more was to go.
        if (!(error instanceof Refused) || error.status !== 404) throw error
      }
    }

    return {
      rename: (entry, name) =>
        undoable(async () => {
          const undo = () => void rename({ ...entry, name }, entry.name)
          return (await rename(entry, name)) ? { text: say('said.renamed', { name: visible(name) }), undo } : undefined
        }),
      move: guarded(async (entries, to) => {
        const going = entries.filter(entry => entry.parent !== to.id && entry.id !== to.id)
        if (!going.length) return
        await undoable(async () => {
          const moved = await change(going, say('work.move'), { dir_id: to.id }, entry => ({ ...entry, parent: to.id }), to.id)
          return moved.length ? { text: say('said.moved', { ...named(moved), folder: to.name }), undo: () => void back(moved) } : undefined
        })
      }),
      copy: guarded((entries, to) =>
        undoable(async () => {
          const made: Entry[] = []
          const { faults } = await shown(say('work.copy'), entries.length, (told, signal) =>
            each(
              entries,
              async entry => {
                const copy = entry.folder ? await copyFolder(files, entry, to.id, signal) : entryOf(await files.copy(entry.id, to.id, entry.parent === to.id ? undefined : entry.name))
                made.push(copy)
                shelf.tell([copy])
              },
              told,
              signal,
            ),
          )
          tell(faults, entries)
          const undo = () => void toTrash(made).catch(wrong)
          return made.length ? { text: say('said.copied', { ...named(made), folder: to.name }), undo } : undefined
        }),
      ),
      trash: guarded(entries =>
        undoable(async () => {
          const gone = await toTrash(entries)
          return gone.length ? { text: say('said.trashed', named(gone)), undo: () => void fromTrash(gone).catch(wrong) } : undefined
        }),
      ),
      restore: guarded(entries =>
        undoable(async () => {
          const restored = await fromTrash(entries)
          return restored.length ? { text: say('said.restored', named(restored)), undo: () => void toTrash(restored).catch(wrong) } : undefined
        }),
      ),
      destroy: guarded(async entries => {
        const done = await shelf.act(entries, entry => ({ ...entry, parent: NOWHERE }), async () => {
          const { done, faults } = await shown(say('work.destroy'), entries.length, (told, signal) => each(entries, entry => destroyed(entry.id), told, signal))
          tell(faults, entries)
          shelf.gone(done.map(entry => entry.id))
          return done
        })
        if (done.length) toast({ text: say('said.destroyed', named(done)) })
      }),
      emptyTrash: guarded(async () => {
        await files.emptyTrash()
        shelf.emptied()
        toast({ text: say('said.emptied') })
      }),
      makeFolder: async (parent, name) => {
        const entry = entryOf(await files.makeFolder(parent, name))
        shelf.tell([entry])
        return entry
      },
      download: guarded(async entries => {
        const [first] = entries
        if (!first) return
        if (entries.length === 1 && !first.folder) return fetchAway(asAttachment(await files.link(first.id)))
        const name = entries.length === 1 ? first.name : say('download.name')
        fetchAway(await files.archive(name, entries.map(entry => entry.id)))
        toast({ text: say('said.packing', named(entries)) })
      }),
      favor: guarded((entries, favorite) =>
        undoable(async () => {
          const turned = entries.filter(entry => entry.favorite !== favorite)
          const set = (to: boolean) => change(turned, say('work.favor'), { favorite: to }, entry => ({ ...entry, favorite: to }))
          const done = turned.length ? await set(favorite) : []
          return done.length ? { text: say(favorite ? 'said.favored' : 'said.unfavored', named(done)), undo: () => void set(!favorite).catch(wrong) } : undefined
        }),
      ),
      revert: guarded(async (version, day) => {
        await files.revert(version)
        toast({ text: say('said.reverted', { day }) })
      }),
      lookAtVersion: guarded(async version => {
        // Opened at once: a browser lets no page open another one later on.
        const tab = window.open('', '_blank')
        try {
          const address = await files.versionLink(version)
          if (tab) tab.location.href = address
          else fetchAway(asAttachment(address))
        } catch (error) {
          tab?.close()
          throw error
        }
      }),
      destroyVersion: guarded(async (version, day) => {
        await files.destroyVersion(version)
        toast({ text: say('said.version.gone', { day }) })
      }),
      downloadVersion: guarded(async version => fetchAway(asAttachment(await files.versionLink(version)))),
    }
    // `work` is a new object whenever something is shown; its verbs stay.
  }, [files, shelf, say, toast, begin, work.show, work.end])
}

/** A folder with all that is in it; the server copies files alone. */
async function copyFolder(files: ReturnType<typeof useClient>['files'], entry: Entry, into: string, signal: AbortSignal): Promise<Entry> {
  const top = await freeFolder(files, into, entry.name)
  const waiting = [{ from: entry.id, to: top.id }]
  for (let next = waiting.pop(); next && !signal.aborted; next = waiting.pop()) {
    let page = await files.open(next.from, 500, signal)
    for (;;) {
      for (const child of page.children) {
        if (signal.aborted) break
        // A folder that is copied into itself is not copied once more.
        if (child.id === top.id) continue
        if (child.attributes.type === 'directory') {
          waiting.push({ from: child.id, to: (await files.makeFolder(next.to, child.attributes.name)).id })
        } else await files.copy(child.id, next.to, child.attributes.name)
      }
      if (!page.next || signal.aborted) break
      page = await files.more(next.from, page.next, 500, signal)
    }
  }
  return top
}

/** A new folder of that name, or of the next one that is free. */
async function freeFolder(files: ReturnType<typeof useClient>['files'], into: string, wanted: string): Promise<Entry> {
  const known = new Set<string>()
  for (let name = wanted; ; name = nextFree(name, one => known.has(one))) {
    if ((await files.taken(into, [name])).has(name)) known.add(name)
    else return entryOf(await files.makeFolder(into, name))
  }
}
