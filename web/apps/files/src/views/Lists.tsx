// Short lists over all folders: what changed last, what is favoured, what is shared by link.
import { type Doc, FILES, ROOT, useClient, useFresh } from '@alcove/client'
import { Button, Empty, Failure, Icon, type IconName, Name, Rows, useFormats, useSay, useToast, visible } from '@alcove/ui'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type Entry, entryOf } from '../model'
import { Picture } from '../Picture'
import Sharing from '../sharing/Sharing'
import { type Link, useLinks } from '../sharing/links'
import type { Go } from '../state'
import { useVerbs } from '../verbs'
import { texts } from './texts'
import css from './views.module.css'

const LATEST = 200
/** What changed while a list was not shown was not heard: it is read again whenever it is. */
export const ANEW = { staleTime: 0, refetchOnMount: 'always' } as const
const TOGETHER = 100

/** Opens something where it lies. */
export function openIn(go: Go, entry: Entry): void {
  if (entry.folder) go({ show: undefined, folder: entry.id, file: undefined })
  else go({ show: undefined, folder: entry.parent || ROOT, file: entry.id })
}

/** Entries of ids in their order, with the paths of the folders that they lie in; what is in the trash is left out. */
export function useEntries() {
  const { files } = useClient()
  const some = async (ids: readonly string[]) => {
    const found: Entry[] = []
    const paths = new Map<string, string>()
    for (let at = 0; at < ids.length; at += TOGETHER) {
      const said = await files.some(ids.slice(at, at + TOGETHER))
      for (const one of said) if (one.attributes.path) paths.set(one.id, one.attributes.path)
      found.push(...said.filter(one => !one.attributes.trashed && !one.attributes.path?.startsWith('/.cozy_trash')).map(entryOf))
    }
    return { found, paths }
  }
  return async (ids: readonly string[]) => {
    const { found } = await some(ids)
    const { paths } = await some([...new Set(found.map(entry => entry.parent))].filter(Boolean))
    const order = new Map(ids.map((id, at) => [id, at]))
    return { entries: found.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0)), paths }
  }
}

interface ListProps {
  way: 'recent' | 'favorites'
  icon: IconName
  ids: (signal: AbortSignal) => Promise<string[]>
  go: Go
  act?: (entry: Entry) => ReactNode
}

function Listed({ way, icon, ids, go, act }: ListProps) {
  const say = useSay(texts)
  const formats = useFormats()
  const entriesOf = useEntries()
  const key = ['files', 'view', way]
  useFresh([FILES], key)
  const found = useQuery({ queryKey: key, queryFn: async ({ signal }) => entriesOf(await ids(signal)), ...ANEW })
  if (found.isPending) return <Rows count={10} />
  if (found.isError) return <Failure error={found.error} again={() => void found.refetch()} />
  const { entries, paths } = found.data
  if (!entries.length) {
    return (
      <Empty icon={icon} title={say(`${way}.none`)}>
        {say(`${way}.none.more`)}
      </Empty>
    )
  }
  return (
    <div className={css.scroll}>
      <ul className={css.rows}>
        {entries.map(entry => (
          <li key={entry.id}>
            <button type="button" className={css.open} onClick={() => openIn(go, entry)}>
              <Picture entry={entry} size="tiny" />
              <span className={css.words}>
                <Name of={entry.name} />
                <span className="small muted num">{[entry.updated && formats.moment(entry.updated), !entry.folder && formats.size(entry.size), placeOf(paths.get(entry.parent), say)].filter(Boolean).join(' · ')}</span>
              </span>
            </button>
            {act?.(entry)}
          </li>
        ))}
      </ul>
    </div>
  )
}

function placeOf(path: string | undefined, say: (key: 'in' | 'root', values?: Record<string, string>) => string): string {
  if (path === undefined) return ''
  return say('in', { folder: path === '/' ? say('root') : visible(path.slice(1)) })
}

export function Recent({ go }: { go: Go }) {
  const { documents } = useClient()
  const ids = async (signal: AbortSignal) => {
    const search = { selector: { type: 'file', trashed: false, updated_at: { $gt: null } }, index: ['type', 'trashed', 'updated_at'], descending: true, fields: ['_id'], limit: LATEST, signal }
    return (await documents.find<Doc>(FILES, search)).docs.map(doc => doc._id)
  }
  return <Listed way="recent" icon="clock" ids={ids} go={go} />
}

export function Favorites({ go }: { go: Go }) {
  const say = useSay(texts)
  const { documents } = useClient()
  const verbs = useVerbs()
  const ids = async (signal: AbortSignal) => {
    const search = { selector: { 'cozyMetadata.favorite': true }, index: ['cozyMetadata.favorite'], fields: ['_id', 'name'], signal }
    return (await documents.findAll<Doc & { name?: string }>(FILES, search)).sort((a, b) => (a.name ?? '').localeCompare(b.name ?? '')).map(doc => doc._id)
  }
  return (
    <Listed
      way="favorites"
      icon="star"
      ids={ids}
      go={go}
      act={entry => (
        <Button variant="subtle" px={8} aria-label={say('favorites.out', { name: visible(entry.name) })} onClick={() => void verbs.favor([entry], false)}>
          <Icon name="star" />
        </Button>
      )}
    />
  )
}

export function Shared({ go }: { go: Go }) {
  const say = useSay(texts)
  const formats = useFormats()
  const links = useLinks()
  const entriesOf = useEntries()
  const [dialog, setDialog] = useState<Entry>()
  const ids = [...new Set((links.data ?? []).flatMap(link => link.ids))]
  const found = useQuery({ queryKey: ['files', 'view', 'shared', ids.join()], queryFn: () => entriesOf(ids), enabled: links.data !== undefined, ...ANEW })
  if (links.isError) return <Failure error={links.error} again={() => void links.refetch()} />
  if (links.isPending || found.isPending) return <Rows count={6} />
  if (found.isError) return <Failure error={found.error} again={() => void found.refetch()} />
  if (!found.data.entries.length) {
    return (
      <Empty icon="link" title={say('shared.none')}>
        {say('shared.none.more')}
      </Empty>
    )
  }
  const facts = (link: Link) => {
    const over = link.ends !== undefined && Date.parse(link.ends) < Date.now()
    return [say(`level.${link.level}`), link.locked && say('locked'), link.ends && (over ? say('over') : say('until', { day: formats.shortDay(link.ends.slice(0, 10)) }))].filter(Boolean).join(', ')
  }
  return (
    <div className={css.scroll}>
      <ul className={css.rows}>
        {found.data.entries.map(entry => (
          <li key={entry.id}>
            <button type="button" className={css.open} onClick={() => openIn(go, entry)}>
              <Picture entry={entry} size="tiny" />
              <span className={css.words}>
                <Name of={entry.name} />
                <span className="small muted num">{links.data.filter(link => link.ids.includes(entry.id)).map(facts).join(' · ')}</span>
              </span>
            </button>
            <Button variant="subtle" onClick={() => setDialog(entry)}>
              {say('shared.manage')}
            </Button>
          </li>
        ))}
      </ul>
      {dialog && <Sharing entry={dialog} close={() => setDialog(undefined)} />}
    </div>
  )
}

/** Tells what went wrong. */
export function useWrong(): (error: unknown) => void {
  const say = useSay(texts)
  const toast = useToast()
  return error => toast({ text: say('failed', { reason: error instanceof Error ? error.message : String(error) }), bad: true })
}
