// What the address says of this page: the folder, what is open, how it is shown.
import { ROOT, TRASH } from '@alcove/client'
import { changeUrl, type How, useUrl } from '@alcove/ui'
import { type Order, orderOf } from './model'

export interface State {
  /** The folder that is shown; undefined while it is to be found from the file that is open. */
  folder: string | undefined
  /** The file that is looked at. */
  file: string | undefined
  trash: boolean
  view: 'list' | 'grid'
  order: Order
  /** Whether the details are open. */
  info: boolean
  /** What narrows the list. */
  filter: string
  /** What is looked for in all folders; undefined where nothing is. */
  search: string | undefined
  /** What that is narrowed to: a kind, a span of time, a way by which files came, a folder. */
  kind: string
  when: string
  from: string
  inside: string
  /** A way to look at all files, in place of a folder. */
  show: Show | undefined
}

export type Show = 'recent' | 'favorites' | 'photos' | 'shared' | 'twice'
const SHOWS: readonly string[] = ['recent', 'favorites', 'photos', 'shared', 'twice']

export type Go = (changes: Partial<Record<'folder' | 'file' | 'trash' | 'view' | 'sort' | 'info' | 'filter' | 'look' | 'search' | 'kind' | 'when' | 'from' | 'inside' | 'show', string | undefined>>, how?: How) => void

export const go: Go = (changes, how) => changeUrl(changes.folder === ROOT && !changes.file ? { ...changes, folder: undefined } : changes, how)

/** What the address says of the filter now: what shows it may not be drawn yet. */
export const filterNow = (): string => new URLSearchParams(window.location.search).get('filter') ?? ''

export function useFilesState(): [State, Go] {
  const [url] = useUrl()
  const trash = url.has('trash')
  const file = url.get('file') || undefined
  const folder = url.get('folder') || undefined
  const state: State = {
    folder: trash || folder === TRASH ? TRASH : (folder ?? (file ? undefined : ROOT)),
    file,
    trash: trash || folder === TRASH,
    view: url.get('view') === 'grid' ? 'grid' : 'list',
    order: orderOf(url.get('sort')),
    info: url.has('info'),
    filter: url.get('filter') ?? '',
    search: url.has('look') || url.has('search') ? (url.get('search') ?? '') : undefined,
    kind: url.get('kind') ?? '',
    when: url.get('when') ?? '',
    from: url.get('from') ?? '',
    inside: url.get('inside') ?? '',
    show: SHOWS.includes(url.get('show') ?? '') ? (url.get('show') as Show) : undefined,
  }
  return [state, go]
}
