// Short notices at the foot of the page; what can be undone is undone there.
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { CloseButton } from '@mantine/core'
import { useActions } from './actions'
import { useSay } from './language'
import { texts } from './texts'
import css from './toasts.module.css'

export interface Toast {
  text: string
  undo?: (() => void) | undefined
  bad?: boolean
}

interface Shown {
  id: number
  /** Nothing as long as what it will tell of is under way. */
  toast?: Toast | undefined
}

interface Toasts {
  show: (toast: Toast) => void
  begin: () => (toast?: Toast) => void
}

const STAY = 8000
const MOST = 3
const nothing = () => undefined
const Holder = createContext<Toasts>({ show: nothing, begin: () => nothing })

/** Shows a notice. */
export function useToast(): (toast: Toast) => void {
  return use(Holder).show
}

/**
 * Begins something that can be undone; what it answers is called at its end, with the notice if there is one. Notices
 * stand in the order in which things were begun, and it is the last one begun that Ctrl Z undoes: one that is still
 * under way is undone as soon as it is done.
 */
export function useUndoable(): () => (toast?: Toast) => void {
  return use(Holder).begin
}

function Notice({ id, toast, close }: { id: number; toast: Toast; close: (id: number) => void }) {
  const say = useSay(texts)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const start = useCallback(() => {
    timer.current = setTimeout(() => close(id), STAY)
  }, [close, id])
  const stop = () => clearTimeout(timer.current)
  useEffect(() => {
    start()
    return () => clearTimeout(timer.current)
  }, [start])
  const undo = () => {
    toast.undo?.()
    close(id)
  }
  return (
    <div className={css.toast} data-bad={toast.bad || undefined} onMouseEnter={stop} onMouseLeave={start} onFocus={stop} onBlur={start}>
      <span>{toast.text}</span>
      {toast.undo && (
        <button type="button" className={css.undo} onClick={undo}>
          {say('undo')}
        </button>
      )}
      <CloseButton size="sm" variant="transparent" aria-label={say('close')} onClick={() => close(id)} className={css.close ?? ''} />
    </div>
  )
}

/** The last notices, and what may still become one. */
function latest(shown: readonly Shown[]): readonly Shown[] {
  const told = shown.filter(one => one.toast).slice(-MOST)
  return shown.filter(one => !one.toast || told.includes(one))
}

export function ToastsProvider({ children }: { children: ReactNode }) {
  const say = useSay(texts)
  const [shown, setShown] = useState<readonly Shown[]>([])
  const next = useRef(0)
  /** What was undone before it was done. */
  const undone = useRef(new Set<number>())
  const close = useCallback((id: number) => setShown(all => all.filter(one => one.id !== id)), [])
  const toasts = useMemo((): Toasts => {
    const add = (toast?: Toast) => {
      const id = (next.current += 1)
      setShown(all => latest([...all, { id, toast }]))
      return id
    }
    const begin = () => {
      const id = add()
      return (toast?: Toast) => {
        if (undone.current.delete(id)) toast?.undo?.()
        else setShown(all => latest(all.flatMap(one => (one.id !== id ? one : toast ? { id, toast } : []))))
      }
    }
    return { show: add, begin }
  }, [])
  const last = shown.findLast(({ toast }) => !toast || toast.undo)
  const undo = () => {
    if (!last) return
    if (last.toast) last.toast.undo?.()
    else undone.current.add(last.id)
    close(last.id)
  }
  useActions(last ? [{ id: 'undo', label: say('undo'), group: say('keys.everywhere'), keys: ['Mod+z'], run: undo }] : [])
  const list = useMemo(() => shown.map(({ id, toast }) => toast && <Notice key={id} id={id} toast={toast} close={close} />), [shown, close])
  return (
    <Holder value={toasts}>
      {children}
      <section className={css.place} aria-label={say('notices')} aria-live="polite">
        {list}
      </section>
    </Holder>
  )
}
