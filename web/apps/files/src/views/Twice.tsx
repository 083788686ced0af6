// Files that are here twice: which one stays is chosen, the others go into the trash and come back when that is undone.
import { FILES, useClient, useFresh } from '@alcove/client'
import { Button, Empty, Failure, Icon, Name, Rows, useFormats, useSay, visible } from '@alcove/ui'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Entry } from '../model'
import { Picture } from '../Picture'
import type { Go } from '../state'
import { useVerbs } from '../verbs'
import { ANEW, openIn, useEntries } from './Lists'
import { texts } from './texts'
import css from './views.module.css'

interface Group {
  size: number
  ids: string[]
}

const KEY = ['files', 'view', 'twice']
const SHOWN = 30

export function Twice({ go }: { go: Go }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { door } = useClient()
  const entriesOf = useEntries()
  const verbs = useVerbs()
  const [most, setMost] = useState(SHOWN)
  const [kept, setKept] = useState<ReadonlyMap<string, string>>(new Map())
  useFresh([FILES], KEY)
  const found = useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const said = await door.ask<{ data: { attributes: { count: number; wasted: string } }; included?: { attributes: { size: string; ids: string[] } }[] }>('GET', '/files/duplicates', { accept: 'application/vnd.api+json', signal })
      const groups: Group[] = (said.included ?? []).map(({ attributes }) => ({ size: Number(attributes.size), ids: attributes.ids }))
      return { count: said.data.attributes.count, wasted: Number(said.data.attributes.wasted), groups }
    },
    ...ANEW,
  })
  const shown = (found.data?.groups ?? []).slice(0, most)
  const ids = shown.flatMap(group => group.ids)
  const files = useQuery({ queryKey: [...KEY, 'entries', ids.join()], queryFn: () => entriesOf(ids), enabled: ids.length > 0, placeholderData: before => before })
  if (found.isPending) return <Rows count={8} />
  if (found.isError) return <Failure error={found.error} again={() => void found.refetch()} />
  if (!found.data.count) {
    return (
      <Empty icon="copy" title={say('twice.none')}>
        {say('twice.none.more')}
      </Empty>
    )
  }
  if (files.isError) return <Failure error={files.error} again={() => void files.refetch()} />
  if (!files.data) return <Rows count={8} />
  const known = new Map(files.data.entries.map(entry => [entry.id, entry]))
  const groups = shown
    .map(({ size, ids: all }) => ({ size, entries: all.flatMap(id => known.get(id) ?? []) }))
    .filter(({ entries }) => entries.length > 1)
  const stays = (entries: readonly Entry[]) => entries.find(entry => kept.get(keyOf(entries)) === entry.id) ?? entries[0]
  const goes = (entries: readonly Entry[]) => entries.filter(entry => entry !== stays(entries))
  const all = groups.flatMap(({ entries }) => goes(entries))
  return (
    <div className={css.scroll}>
      <header className={css.sum}>
        <h2>{say('twice.sum', { count: found.data.count, size: formats.size(found.data.wasted) })}</h2>
        <p className="small muted">{say('twice.more')}</p>
        <Button leftSection={<Icon name="trash" />} onClick={() => void verbs.trash(all)}>
          {say('twice.all', { size: formats.size(all.reduce((sum, entry) => sum + entry.size, 0)) })}
        </Button>
      </header>
      <ul className={css.groups}>
        {groups.map(({ size, entries }) => (
          <li key={keyOf(entries)}>
            <fieldset>
              <legend className="small muted num">{say('twice.group', { count: entries.length, size: formats.size(size) })}</legend>
              {entries.map(entry => (
                <div key={entry.id} className={css.copy} data-goes={entry !== stays(entries) || undefined}>
                  <input
                    type="radio"
                    name={keyOf(entries)}
                    aria-label={say('twice.keep', { name: visible(entry.name) })}
                    checked={entry === stays(entries)}
                    onChange={() => setKept(new Map(kept).set(keyOf(entries), entry.id))}
                  />
                  <button type="button" className={css.open} onClick={() => openIn(go, entry)}>
                    <Picture entry={entry} size="tiny" />
                    <span className={css.words}>
                      <Name of={entry.name} />
                      <span className="small muted num">{[visible(files.data.paths.get(entry.parent) ?? ''), entry.created && formats.moment(entry.created)].filter(Boolean).join(' · ')}</span>
                    </span>
                  </button>
                </div>
              ))}
              <div className={css.acts}>
                <Button variant="subtle" onClick={() => void verbs.trash(goes(entries))}>
                  {say('twice.throw', { count: entries.length - 1, size: formats.size(size * (entries.length - 1)) })}
                </Button>
              </div>
            </fieldset>
          </li>
        ))}
      </ul>
      {found.data.groups.length > most && (
        <div className={css.acts}>
          <Button onClick={() => setMost(most + SHOWN)}>{say('twice.next')}</Button>
        </div>
      )}
    </div>
  )
}

const keyOf = (entries: readonly Entry[]) => entries[0]?.mark ?? ''
