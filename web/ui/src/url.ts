// The address is the state: what is open, filtered and searched is in it, so that Back works and a link can be kept.
import { startTransition, useLayoutEffect, useState } from 'react'

const watchers = new Set<() => void>()
const tell = () => {
  for (const watcher of watchers) watcher()
}
window.addEventListener('popstate', tell)

export interface How {
  /** No step to go back to. */
  replace?: boolean
  /** What shows it is drawn when there is time for it, so that the page answers at once to what is pressed meanwhile. */
  calm?: boolean
}

export type Changes = Record<string, string | undefined>

/** The address's query with these changes; undefined takes a name out. */
export function changed(search: string, changes: Changes): string {
  const query = new URLSearchParams(search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  return text && `?${text}`
}

/** Changes values in the address: as a step to go back to, unless `replace` is said. */
export function changeUrl(changes: Changes, { replace = false, calm = false }: How = {}): void {
  const next = window.location.pathname + changed(window.location.search, changes)
  if (replace) window.history.replaceState(null, '', next)
  else window.history.pushState(null, '', next)
  if (calm) startTransition(tell)
  else tell()
}

/** The values in the address, and how to change them. */
export function useUrl(): [URLSearchParams, typeof changeUrl] {
  const [search, setSearch] = useState(window.location.search)
  useLayoutEffect(() => {
    const look = () => setSearch(window.location.search)
    look()
    watchers.add(look)
    return () => void watchers.delete(look)
  }, [])
  return [new URLSearchParams(search), changeUrl]
}
