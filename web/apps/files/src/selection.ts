// What is selected in a list: the one where the keyboard is, those that are chosen, and where a range began.
import { useCallback, useMemo, useState } from 'react'
import { between, type Entry } from './model'

export interface Selection {
  /** The entry where the keyboard is. */
  active: string | undefined
  chosen: ReadonlySet<string>
}

interface Held extends Selection {
  anchor: string | undefined
}

export interface Selecting extends Selection {
  /** The chosen entries, in the order of the list. */
  entries: readonly Entry[]
  /** This one alone. */
  only: (id: string | undefined) => void
  /** This one too, or no more. */
  toggle: (id: string) => void
  /** All from where the range began to this one; with `add`, beside what is chosen. */
  range: (id: string, add?: boolean) => void
  /** Moves the keyboard without choosing. */
  walk: (id: string) => void
  all: () => void
  none: () => void
}

const NOTHING: Held = { active: undefined, anchor: undefined, chosen: new Set() }

/** So many are found in a list one by one; more by looking through it once. */
const FEW = 4

/** The selection of a list, whose entries `get` knows by their ids; a new one for each `key`. */
export function useSelection(list: readonly Entry[], key: string, get: (id: string) => Entry | undefined): Selecting {
  const [held, setHeld] = useState({ key, ...NOTHING })
  const here: Held = held.key === key ? held : NOTHING
  const set = useCallback(
    (change: (now: Held) => Partial<Held>) => setHeld(now => {
      const mine = now.key === key ? now : { key, ...NOTHING }
      return { ...mine, ...change(mine) }
    }),
    [key],
  )
  // Something may have left since it was chosen.
  const entries = useMemo(() => {
    if (here.chosen.size > FEW) return list.filter(entry => here.chosen.has(entry.id))
    const found = [...here.chosen].flatMap(id => get(id) ?? []).map(entry => ({ entry, at: list.indexOf(entry) }))
    return found.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at).map(({ entry }) => entry)
  }, [list, here.chosen, get])
  return {
    active: here.active,
    chosen: here.chosen,
    entries,
    only: id => set(() => ({ active: id, anchor: id, chosen: new Set(id === undefined ? [] : [id]) })),
    toggle: id =>
      set(({ chosen }) => {
        const next = new Set(chosen)
        if (!next.delete(id)) next.add(id)
        return { active: id, anchor: id, chosen: next }
      }),
    range: (id, add = false) =>
      set(({ chosen, anchor, active }) => {
        const from = anchor ?? active ?? id
        return { active: id, anchor: from, chosen: new Set([...(add ? chosen : []), ...between(list, from, id)]) }
      }),
    walk: id => set(() => ({ active: id, anchor: id })),
    all: () => set(() => ({ chosen: new Set(list.map(entry => entry.id)) })),
    none: () => set(() => ({ chosen: new Set<string>() })),
  }
}
