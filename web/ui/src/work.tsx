// Work that takes more than a second, shown in the frame as long as it runs: what, how far, and how to stop it.
import { CloseButton } from '@mantine/core'
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from 'react'
import { useSay } from './language'
import { texts } from './texts'
import css from './work.module.css'

export interface Work {
  id: string
  title: string
  detail: string
  /** From 0 to 1; undefined while the end is not known. */
  share?: number | undefined
  cancel?: (() => void) | undefined
}

interface Board {
  works: readonly Work[]
  /** Shows or renews a work. */
  show: (work: Work) => void
  /** Takes a work away. */
  end: (id: string) => void
}

const Holder = createContext<Board>({ works: [], show: () => undefined, end: () => undefined })

export function WorkProvider({ children }: { children: ReactNode }) {
  const [works, setWorks] = useState<readonly Work[]>([])
  const show = useCallback((work: Work) => {
    setWorks(all => (all.some(one => one.id === work.id) ? all.map(one => (one.id === work.id ? work : one)) : [...all, work]))
  }, [])
  const end = useCallback((id: string) => setWorks(all => all.filter(work => work.id !== id)), [])
  const board = useMemo(() => ({ works, show, end }), [works, show, end])
  return <Holder value={board}>{children}</Holder>
}

/** What runs now, and how to show one's own. */
export function useWork(): Board {
  return use(Holder)
}

/** A bar that fills; `share` from 0 to 1. */
export function Bar({ share, label }: { share: number | undefined; label: string }) {
  const value = share === undefined ? undefined : Math.round(share * 100)
  return (
    <div className={css.bar} role="progressbar" aria-label={label} aria-valuenow={value} aria-valuemin={0} aria-valuemax={100}>
      <i data-open={share === undefined || undefined} style={share === undefined ? undefined : { width: `${value}%` }} />
    </div>
  )
}

export function RunningWork() {
  const say = useSay(texts)
  const { works } = useWork()
  return works.map(work => (
    <div key={work.id} className={css.work}>
      <div className={css.head}>
        <b>{work.title}</b>
        {work.cancel && <CloseButton size="xs" aria-label={say('work.cancel', { name: work.title })} onClick={work.cancel} />}
      </div>
      <span className="muted num">{work.detail}</span>
      <Bar share={work.share} label={work.title} />
    </div>
  ))
}
