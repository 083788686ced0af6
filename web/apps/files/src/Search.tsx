// Looking for files in all folders: by their names and the texts in them, narrowed by what they are, when and where.
import { ROOT, useClient } from '@alcove/client'
import { type Answer, Button, Empty, Failure, type Hit, Icon, iconOf, LONGEST_QUESTION, Marked, marked, Rows, useActions, useFormats, useRested, useSay, visible } from '@alcove/ui'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react'
import { useFile } from './api'
import { KINDS, parametersOf, SPANS } from './narrowing'
import css from './search.module.css'
import type { Go, State } from './state'
import { texts } from './texts'

const MOST = 50
const MAKING = 2000
/** What the address says no more when the search is left. */
const AWAY = { look: undefined, search: undefined, kind: undefined, when: undefined, inside: undefined }

/** What answers, the best first. */
function useAnswer(state: State) {
  const { door } = useClient()
  const text = useRested((state.search ?? '').trim().slice(0, LONGEST_QUESTION))
  const narrowed = parametersOf(state, new Date())
  const asked = text !== '' || Object.values(narrowed).some(Boolean)
  const question = useQuery({
    queryKey: ['search', 'files', text, narrowed],
    queryFn: ({ signal }) => door.ask<Answer>('GET', '/search', { query: { q: text, kinds: 'files', 'page[limit]': MOST, ...narrowed }, signal }),
    enabled: asked,
    placeholderData: keepPreviousData,
    // While the index is being made, what is missing comes by itself.
    refetchInterval: query => (query.state.data?.meta.complete === false ? MAKING : false),
    staleTime: 5000,
    gcTime: 60_000,
    retry: false,
    meta: { quiet: true },
  })
  return { ...question, asked, text, pending: asked && (text !== (state.search ?? '').trim().slice(0, LONGEST_QUESTION) || question.isFetching) }
}

export function Search({ state, go }: { state: State; go: Go }) {
  const say = useSay(texts)
  const id = useId()
  const [typed, setTyped] = useState(state.search ?? '')
  const [at, setAt] = useState<string>()
  const field = useRef<HTMLInputElement>(null)
  const found = useAnswer(state)
  const folder = useFile(state.inside || undefined)
  const hits = found.asked ? (found.data?.data ?? []) : []
  const chosen = Math.max(0, hits.findIndex(hit => hit.id === at))
  const optionOf = (hit: Hit | undefined) => (hit ? `${id}${hit.id}` : undefined)
  useEffect(() => {
    field.current?.focus()
  }, [])
  useEffect(() => {
    setTyped(state.search ?? '')
  }, [state.search])
  const leave = () => go({ ...AWAY, folder: state.inside || ROOT })
  const open = (hit: Hit | undefined) => {
    if (!hit) return
    if (hit.attributes.type === 'directory') go({ ...AWAY, folder: hit.id, file: undefined })
    else go({ ...AWAY, folder: hit.attributes.folder || ROOT, file: hit.id })
  }
  const narrow = (changes: { kind?: string; when?: string; inside?: string | undefined }) => {
    setAt(undefined)
    go(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value || undefined])), { replace: true })
  }
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && hits.length) {
      event.preventDefault()
      const next = hits[(chosen + step + hits.length) % hits.length]
      setAt(next?.id)
      document.getElementById(optionOf(next) ?? '')?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      open(hits[chosen])
    } else if (event.key === 'Escape') {
      event.preventDefault()
      if (typed) type('')
      else leave()
    }
  }
  const type = (next: string) => {
    setTyped(next)
    setAt(undefined)
    go({ search: next }, { replace: true, calm: true })
  }
  useActions([{ id: 'search-leave', label: say('search.leave'), group: say('group'), icon: 'folder', keys: ['Escape'], run: leave }])
  const nothing = found.asked && !found.pending && !found.isError && hits.length === 0
  const count = found.data && hits.length ? say('search.count', { count: hits.length }) : ''
  return (
    <main className={css.main}>
      <h1 className="unseen">{say('search')}</h1>
      <header className={css.head}>
        <Button variant="subtle" px={7} aria-label={say('search.leave')} title={say('search.leave')} onClick={leave}>
          <Icon name="left" />
        </Button>
        <label className={css.field}>
          <Icon name="search" size={16} />
          <span className="unseen">{say('search')}</span>
          <input
            ref={field}
            type="search"
            role="combobox"
            aria-expanded={hits.length > 0}
            aria-controls={hits.length ? `${id}list` : undefined}
            aria-activedescendant={optionOf(hits[chosen])}
            autoComplete="off"
            spellCheck={false}
            enterKeyHint="search"
            maxLength={LONGEST_QUESTION}
            placeholder={say('search.hint')}
            value={typed}
            onChange={event => type(event.target.value)}
            onKeyDown={press}
          />
          <span className={css.busy} data-on={found.pending || undefined} />
        </label>
      </header>
      <div className={css.filters} role="group" aria-label={say('search.filters')}>
        <select aria-label={say('search.kind')} value={state.kind} onChange={event => narrow({ kind: event.target.value })}>
          <option value="">{say('search.kind.all')}</option>
          {KINDS.map(kind => (
            <option key={kind} value={kind}>
              {say(`search.kind.${kind}`)}
            </option>
          ))}
        </select>
        <select aria-label={say('search.when')} value={state.when} onChange={event => narrow({ when: event.target.value })}>
          <option value="">{say('search.when.all')}</option>
          {SPANS.map(span => (
            <option key={span} value={span}>
              {say(`search.when.${span}`)}
            </option>
          ))}
        </select>
        {state.inside && (
          <button type="button" className={css.chip} onClick={() => narrow({ inside: undefined })} title={say('search.everywhere')}>
            <Icon name="folder" size={14} />
            <bdi>{visible(folder.data?.file.attributes.name || say('root'))}</bdi>
            <Icon name="cross" size={12} />
            <span className="unseen">{say('search.everywhere')}</span>
          </button>
        )}
        <details className={css.help}>
          <summary>{say('search.help')}</summary>
          <p>{say('search.help.more')}</p>
        </details>
      </div>
      <p className="unseen" role="status">
        {nothing ? say('search.none', { text: found.text }) : count}
      </p>
      {found.isError ? (
        <Failure error={found.error} again={() => void found.refetch()} />
      ) : !found.asked ? (
        <Empty icon="search" title={say('search.begin')}>
          {say('search.begin.more')}
        </Empty>
      ) : nothing ? (
        <Empty icon="search" title={say('search.none', { text: found.text })} act={state.kind || state.when || state.inside ? <Button onClick={() => narrow({ kind: '', when: '', inside: '' })}>{say('search.widen')}</Button> : undefined}>
          {say('search.none.more')}
        </Empty>
      ) : hits.length === 0 ? (
        <Rows count={8} />
      ) : (
        <div className={css.hits} role="listbox" id={`${id}list`} aria-label={say('search')} aria-busy={found.pending}>
          {hits.map((hit, place) => (
            <div key={hit.id} id={optionOf(hit)} role="option" aria-selected={place === chosen} className={css.hit} onMouseMove={() => setAt(hit.id)} onClick={() => open(hit)}>
              <Icon name={iconOf(hit)} />
              <HitText hit={hit} typed={found.text} />
            </div>
          ))}
          {found.data?.meta.more.includes('files') && <p className={css.end}>{say('search.more', { count: MOST })}</p>}
          {found.data && !found.data.meta.complete && <p className={css.end}>{say('search.making')}</p>}
        </div>
      )}
    </main>
  )
}

/** A file's name, where it lies and when it was changed, and the piece of its text that holds what was asked for. */
function HitText({ hit, typed }: { hit: Hit; typed: string }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { title, detail, date, marks, snippet } = hit.attributes
  const path = detail.replace(/^\//, '').replaceAll('/', ' › ')
  return (
    <span className={css.text}>
      <bdi className={css.name}>
        <Marked parts={marked(visible(title), typed, marks)} />
      </bdi>
      {snippet && (
        <bdi className={css.snippet}>
          <Marked parts={snippet} />
        </bdi>
      )}
      <span className={css.about}>
        <bdi>{path ? <Marked parts={marked(visible(path), typed, marks)} /> : say('root')}</bdi>
        {date && (
          <>
            {' · '}
            <span className="num">{formats.shortDay(date)}</span>
          </>
        )}
      </span>
    </span>
  )
}
