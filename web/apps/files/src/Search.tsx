// Looking for files in all folders: by their names and the texts in them, narrowed by what they are, when and where.
import { ROOT, useClient } from '@alcove/client'
import { type Answer, Button, Empty, Failure, type Hit, Icon, iconOf, LONGEST_QUESTION, Marked, marked, Rows, useActions, useFormats, useRested, useSay, visible } from '@alcove/ui'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { type KeyboardEvent, memo, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useFile } from './api'
import { KINDS, parametersOf, SPANS, WAYS } from './narrowing'
import css from './search.module.css'
import type { Go, State } from './state'
import { texts } from './texts'

/** Hits of one answer. */
const PAGE = 50
const MAKING = 2000
/** What the address says no more when the search is left. */
const AWAY = { look: undefined, search: undefined, kind: undefined, when: undefined, from: undefined, inside: undefined }

/** What answers, the best first: a page of it, and more as it is asked for. */
function useAnswer(state: State) {
  const { door } = useClient()
  const text = useRested((state.search ?? '').trim().slice(0, LONGEST_QUESTION))
  const narrowed = parametersOf(state, new Date())
  const asked = text !== '' || Object.values(narrowed).some(Boolean)
  const question = useInfiniteQuery({
    queryKey: ['search', 'files', text, narrowed],
    queryFn: ({ signal, pageParam }) => {
      const query = { q: text, kinds: 'files', 'page[limit]': PAGE, 'page[cursor]': pageParam, total: pageParam ? undefined : 'true', ...narrowed }
      return door.ask<Answer>('GET', '/search', { query, signal })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: last => last.meta.cursor,
    enabled: asked,
    placeholderData: keepPreviousData,
    // While the index is being made, what is missing comes by itself.
    refetchInterval: query => (query.state.data?.pages[0]?.meta.complete === false ? MAKING : false),
    staleTime: 5000,
    gcTime: 60_000,
    retry: false,
    meta: { quiet: true },
  })
  const pages = question.data?.pages
  // What came meanwhile moves the pages: nothing is shown twice.
  const hits = useMemo(() => [...new Map((pages ?? []).flatMap(page => page.data).map(hit => [hit.id, hit])).values()], [pages])
  const resting = text === (state.search ?? '').trim().slice(0, LONGEST_QUESTION)
  return { ...question, asked, text, hits: asked ? hits : [], first: pages?.[0]?.meta, pending: asked && (!resting || (question.isFetching && !question.isFetchingNextPage)) }
}

export function Search({ state, go }: { state: State; go: Go }) {
  const say = useSay(texts)
  const id = useId()
  const [typed, setTyped] = useState(state.search ?? '')
  const [at, setAt] = useState<string>()
  const field = useRef<HTMLInputElement>(null)
  const found = useAnswer(state)
  const folder = useFile(state.inside || undefined)
  const { hits, first } = found
  const chosen = Math.max(0, hits.findIndex(hit => hit.id === at))
  const optionOf = (hit: Hit | undefined) => (hit ? `${id}${hit.id}` : undefined)
  useEffect(() => {
    field.current?.focus()
  }, [])
  useEffect(() => {
    setTyped(state.search ?? '')
  }, [state.search])
  const further = () => {
    if (found.hasNextPage && !found.isFetchingNextPage && !found.isPlaceholderData && !found.isFetchNextPageError) void found.fetchNextPage()
  }
  const leave = () => go({ ...AWAY, folder: state.inside || ROOT })
  const open = (hit: Hit | undefined) => {
    if (!hit) return
    if (hit.attributes.type === 'directory') go({ ...AWAY, folder: hit.id, file: undefined })
    else go({ ...AWAY, folder: hit.attributes.folder || ROOT, file: hit.id })
  }
  const latest = useRef(open)
  latest.current = open
  const opens = useCallback((hit: Hit) => latest.current(hit), [])
  const narrow = (changes: { kind?: string; when?: string; from?: string; inside?: string | undefined }) => {
    setAt(undefined)
    go(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value || undefined])), { replace: true })
  }
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && hits.length) {
      event.preventDefault()
      // Down from the last one goes round only once there is no more.
      if (chosen + step >= hits.length - 1) further()
      const next = hits[found.hasNextPage ? Math.max(0, Math.min(hits.length - 1, chosen + step)) : (chosen + step + hits.length) % hits.length]
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
  const total = first?.total ?? hits.length
  const count = hits.length ? say(first?.counted === false ? 'search.count.more' : 'search.count', { count: Math.max(total, hits.length) }) : ''
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
        <select aria-label={say('search.from')} value={state.from} onChange={event => narrow({ from: event.target.value })}>
          <option value="">{say('search.from.all')}</option>
          {WAYS.map(way => (
            <option key={way} value={way}>
              {say(`search.from.${way}`)}
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
        {count && <span className={css.count}>{count}</span>}
        <details className={css.help}>
          <summary>{say('search.help')}</summary>
          <p>{say('search.help.more')}</p>
        </details>
      </div>
      <p className="unseen" role="status">
        {nothing ? say('search.none', { text: found.text }) : count}
      </p>
      {found.isError && !found.isFetchNextPageError ? (
        <Failure error={found.error} again={() => void found.refetch()} />
      ) : !found.asked ? (
        <Empty icon="search" title={say('search.begin')}>
          {say('search.begin.more')}
        </Empty>
      ) : nothing ? (
        <Empty icon="search" title={say('search.none', { text: found.text })} act={state.kind || state.when || state.from || state.inside ? <Button onClick={() => narrow({ kind: '', when: '', from: '', inside: '' })}>{say('search.widen')}</Button> : undefined}>
          {say('search.none.more')}
        </Empty>
      ) : hits.length === 0 ? (
        <Rows count={8} />
      ) : (
        <div className={css.hits} role="listbox" id={`${id}list`} aria-label={say('search')} aria-busy={found.pending}>
          {hits.map((hit, place) => (
            <Line key={hit.id} id={optionOf(hit)} hit={hit} typed={found.text} chosen={place === chosen} point={setAt} open={opens} />
          ))}
          {found.isFetchNextPageError ? (
            <Button onClick={() => void found.fetchNextPage()}>{say('search.again')}</Button>
          ) : (
            found.hasNextPage && <Nearing key={hits.length} come={further} />
          )}
          {found.isFetchingNextPage && <Rows count={3} />}
          {first?.counted === false && !found.hasNextPage && <p className={css.end}>{say('search.more', { count: hits.length })}</p>}
          {first?.complete === false && <p className={css.end}>{say('search.making')}</p>}
        </div>
      )}
    </main>
  )
}

/** Before the end of the list comes into sight, more is asked for. */
function Nearing({ come }: { come: () => void }) {
  const mark = useRef<HTMLDivElement>(null)
  const latest = useRef(come)
  latest.current = come
  useEffect(() => {
    const own = mark.current
    if (!own) return
    const watcher = new IntersectionObserver(seen => seen.some(one => one.isIntersecting) && latest.current(), { root: own.parentElement, rootMargin: '600px' })
    watcher.observe(own)
    return () => watcher.disconnect()
  }, [])
  return <div ref={mark} />
}

interface LineProps {
  id: string | undefined
  hit: Hit
  typed: string
  chosen: boolean
  point: (id: string) => void
  open: (hit: Hit) => void
}

/** A hit: of thousands only those are drawn anew that are chosen now or were before. */
const Line = memo(function Line({ id, hit, typed, chosen, point, open }: LineProps) {
  return (
    <div id={id} role="option" aria-selected={chosen} className={css.hit} onMouseMove={() => point(hit.id)} onClick={() => open(hit)}>
      <Icon name={iconOf(hit)} />
      <HitText hit={hit} typed={typed} />
    </div>
  )
})

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
