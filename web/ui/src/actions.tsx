// What a person can do on this page, said once: the command bar offers it, its key does it, the page of keys lists it.
import { createContext, type ReactNode, use, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from 'react'
import type { IconName } from './icons'

export interface Action {
  id: string
  label: string
  /** What it is about, as a heading on the page of keys and in the command bar. */
  group: string
  icon?: IconName
  /** As `KeyboardEvent.key` says them; `Mod+k` is Ctrl or Command. The first is the one that is shown. */
  keys?: readonly string[]
  /** Kept out of the command bar: it makes sense only by its key. */
  keyOnly?: boolean
  run: () => void
}

class Actions {
  private readonly sets = new Map<symbol, readonly Action[]>()
  private readonly watchers = new Set<() => void>()
  private current: readonly Action[] = []

  put(owner: symbol, actions: readonly Action[] | undefined): void {
    if (actions) this.sets.set(owner, actions)
    else this.sets.delete(owner)
    this.current = [...this.sets.values()].flat()
    for (const watcher of this.watchers) watcher()
  }

  readonly all = (): readonly Action[] => this.current

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  /** The latest declared action for a key press: a dialog's before the page's. */
  for(key: string): Action | undefined {
    return this.current.findLast(action => action.keys?.includes(key))
  }
}

const Holder = createContext<Actions | undefined>(undefined)

function editing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

const UNWRITTEN = new Set(['checkbox', 'radio', 'button', 'submit', 'file', 'range'])

/** What these keys do in a field is the field's. */
const OF_FIELDS = new Set(['Mod+a', 'Mod+c', 'Mod+v', 'Mod+x', 'Mod+z'])

/** Whether a key is for the field where the keyboard is: nothing is written in a box to tick, so nothing is undone there. */
function ofField(target: EventTarget | null, key: string): boolean {
  return editing(target) && !(OF_FIELDS.has(key) && target instanceof HTMLInputElement && UNWRITTEN.has(target.type))
}

/** The name of a key press, as actions name it. */
export function keyOf(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey ? 'Mod+' : ''
  return mod + (event.key.length === 1 ? event.key.toLowerCase() : event.key)
}

export function ActionsProvider({ children }: { children: ReactNode }) {
  const [actions] = useState(() => new Actions())
  useEffect(() => {
    // Seen before anything else hears of the key: Escape may have closed the dialog by the time that it comes here.
    let covered = false
    const look = () => {
      covered = document.querySelector('[role=dialog],[role=menu]') !== null
    }
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return
      const key = keyOf(event)
      const mod = key.startsWith('Mod+') && !OF_FIELDS.has(key)
      if (!mod && (ofField(event.target, key) || covered)) return
      const action = actions.for(key)
      if (!action) return
      event.preventDefault()
      action.run()
    }
    window.addEventListener('keydown', look, true)
    window.addEventListener('keydown', press)
    return () => {
      window.removeEventListener('keydown', look, true)
      window.removeEventListener('keydown', press)
    }
  }, [actions])
  return <Holder value={actions}>{children}</Holder>
}

function useActionsHolder(): Actions {
  const actions = use(Holder)
  if (!actions) throw new Error('actions need an ActionsProvider above them')
  return actions
}

/** Offers these actions as long as the component is there. */
export function useActions(offered: readonly Action[]): void {
  const actions = useActionsHolder()
  const owner = useRef(Symbol('actions'))
  const latest = useRef(offered)
  latest.current = offered
  const shape = offered.map(({ id, label, keys }) => `${id}|${label}|${keys?.join()}`).join('\n')
  // Before the page is painted: a key works as soon as what names it is seen.
  useLayoutEffect(() => {
    // Registered once for a shape; what an action does is read when it is done, so that it never works on old state.
    const relays = latest.current.map(({ id, ...action }) => ({
      ...action,
      id,
      run: () => latest.current.find(one => one.id === id)?.run(),
    }))
    const mine = owner.current
    actions.put(mine, relays)
    return () => actions.put(mine, undefined)
  }, [actions, shape])
}

/** All that can be done now. */
export function useAllActions(): readonly Action[] {
  const actions = useActionsHolder()
  return useSyncExternalStore(actions.watch, actions.all)
}

const NAMES: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', ArrowLeft: '←', ArrowRight: '→', Enter: '↵' }

/** How a key is written for the person: `Mod+k` is "Ctrl K", or "⌘ K" on a Mac. */
export function keyName(key: string): string {
  const mac = /Mac|iP(hone|ad)/.test(navigator.platform)
  const plain = key.replace('Mod+', '')
  const shown = NAMES[plain] ?? (plain.length === 1 ? plain.toUpperCase() : plain)
  return key.startsWith('Mod+') ? `${mac ? '⌘' : 'Ctrl'} ${shown}` : shown
}
