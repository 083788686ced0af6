// Handing files over: sent one after the other with progress, then gathered. What could not be sent can be tried again,
// and a file that could not be read is kept at hand to be handed over again.
import { type Tree, treeOfDrop, upload, useClient } from '@alcove/client'
import { type QueryKey, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useSay } from './language'
import { texts } from './texts'
import { useToast } from './toasts'

/** Files that systems leave in folders for themselves. */
const LEFT = /^(\..*|thumbs\.db|desktop\.ini|__MACOSX)$/i

/** Whether a file of a folder is the person's own, by its path. */
export function wanted(path: string): boolean {
  return !path.split('/').some(part => LEFT.test(part))
}

export interface Handed {
  file: File
  /** The path below what was dropped, so that a folder keeps its tree. */
  name: string
}

/** The files that were chosen in the browser's own dialog. */
export function chosen(files: FileList | null): Handed[] {
  return [...(files ?? [])].map(file => ({ file, name: file.webkitRelativePath || file.name })).filter(({ name }) => wanted(name))
}

/** The person's own files of a tree. */
function handed(tree: Tree): Handed[] {
  return tree.files.map(({ path, file }) => ({ file, name: [...path, file.name].join('/') })).filter(({ name }) => wanted(name))
}

export interface Sending {
  files: number
  sent: number
  bytes: number
  sentBytes: number
  since: number
}

export interface Failed extends Handed {
  error: unknown
}

const AT_ONCE = 3
const JSONAPI = 'application/vnd.api+json'

export interface Handing {
  sending: Sending | undefined
  failed: readonly Failed[]
  /** The gathering that was begun last from this page. */
  begun: string | undefined
  hand: (files: readonly Handed[]) => void
  again: () => void
  stop: () => void
  /** The file of that name, if it was handed over since the page was opened. */
  held: (name: string) => Handed | undefined
  /** What was handed over since the page was opened, but for the files of these names. */
  rest: (read: readonly string[]) => Handed[]
}

/** Ends a gathering where it is: what was read stays. Answers whether it was already asked, and how to ask. */
export function useStopGathering(id: string | undefined): [asked: boolean, stop: () => void] {
  const { door } = useClient()
  const toast = useToast()
  const say = useSay(texts)
  const [asked, setAsked] = useState<string>()
  const stop = () => {
    if (id === undefined) return
    setAsked(id)
    void door.send('POST', `/connectors/gather/${encodeURIComponent(id)}/stop`, { accept: JSONAPI }).catch((error: unknown) => {
      setAsked(undefined)
      toast({ text: say('stop.failed', { reason: error instanceof Error ? error.message : String(error) }), bad: true })
    })
  }
  return [id !== undefined && asked === id, stop]
}

/** Hands files over; the queries below `key` are read anew when something was gathered. */
export function useHanding(key: QueryKey): Handing {
  const { door } = useClient()
  const queries = useQueryClient()
  const [sending, setSending] = useState<Sending>()
  const [failed, setFailed] = useState<readonly Failed[]>([])
  const [begun, setBegun] = useState<string>()
  const stopper = useRef<AbortController>(undefined)
  const kept = useRef(new Map<string, Handed>())
  /** What was dropped while other files were on their way. */
  const more = useRef<Handed[]>([])

  // Leaving while bytes are under way would lose them: the browser asks first.
  const busy = sending !== undefined
  useEffect(() => {
    if (!busy) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [busy])

  const send = async (files: readonly Handed[]) => {
    const { signal } = (stopper.current = new AbortController())
    const waiting = [...files]
    const intake: string[] = []
    const lost: Failed[] = []
    const progress = files.map(() => 0)
    const state: Sending = { files: files.length, sent: 0, bytes: files.reduce((sum, one) => sum + one.file.size, 0), sentBytes: 0, since: Date.now() }
    const show = () => setSending({ ...state, sentBytes: progress.reduce((sum, bytes) => sum + bytes, 0) })
    show()
    const lane = async () => {
      for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
        const at = files.indexOf(next)
        try {
          const told = (bytes: number) => {
            progress[at] = bytes
            show()
          }
          const said = await upload<{ data: { id: string } }>(door, '/connectors/intake', next.file, { query: { Name: next.name }, signal, told })
          intake.push(said.data.id)
          kept.current.set(next.name, next)
        } catch (error) {
          if (signal.aborted) return
          lost.push({ ...next, error })
        }
        state.sent += 1
        progress[at] = next.file.size
        show()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    if (signal.aborted) {
      await Promise.allSettled(intake.map(id => door.send('DELETE', `/connectors/intake/${id}`)))
      return
    }
    setFailed(before => [...before, ...lost])
    if (!intake.length) return
    const body = { data: { attributes: { intake, attended: true } } }
    const said = await door.ask<{ data: { id: string } }>('POST', '/connectors/gather', { body, accept: JSONAPI })
    setBegun(said.data.id)
  }

  const hand = (files: readonly Handed[]) => {
    if (!files.length) return
    if (stopper.current) {
      more.current.push(...files)
      return
    }
    setFailed([])
    begin(files)
  }

  const begin = (files: readonly Handed[]) => {
    if (!files.length) return
    void send(files)
      .catch((error: unknown) => {
        setFailed(before => [...before, ...files.map(file => ({ ...file, error }))])
      })
      .finally(() => {
        stopper.current = undefined
        setSending(undefined)
        begin(more.current.splice(0))
        void queries.invalidateQueries({ queryKey: key })
      })
  }
  return {
    sending,
    failed,
    begun,
    hand,
    again: () => hand(failed),
    stop: () => {
      more.current = []
      stopper.current?.abort()
    },
    rest: read => {
      const names = new Set(read)
      return [...kept.current.values()].filter(({ name }) => !names.has(name))
    },
    held: name => kept.current.get(name) ?? kept.current.get(name.split('/').at(-1) ?? ''),
  }
}

/** Takes files that are dropped anywhere on the page; answers whether some hang over it. */
export function useDrop(handing: Handing, words: { empty: string; unread: string }): boolean {
  const toast = useToast()
  const [over, setOver] = useState(false)
  const latest = useRef({ handing, toast, words })
  latest.current = { handing, toast, words }
  useEffect(() => {
    const holds = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const drag = (event: DragEvent) => {
      if (!holds(event)) return
      event.preventDefault()
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false)
    }
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !holds(event)) return
      event.preventDefault()
      setOver(false)
      void treeOfDrop(event.dataTransfer).then(tree => {
        const { handing, toast, words } = latest.current
        const files = handed(tree)
        if (tree.unreadable.length) toast({ text: words.unread, bad: true })
        else if (!files.length) toast({ text: words.empty })
        handing.hand(files)
      })
    }
    window.addEventListener('dragover', drag)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragover', drag)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
    }
  }, [])
  return over
}
