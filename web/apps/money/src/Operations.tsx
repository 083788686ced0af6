// The list: by day, the newest first, with each bill on its operation; searched, filtered and exported here.
import { useClient } from '@alcove/client'
import { Button, dateOf, download, Empty, Failure, Icon, Kbd, List, type ListHandle, Rich, Rows, useActions, useFormats, useLanguage, useSay, useToast } from '@alcove/ui'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import { useOperations, useSearch } from './api'
import { exported } from './exporting'
import { type Account, byDay, CATEGORIES, type Category, categoryOf, dotOf, familyOf, nameOf, NONE, type Operation, type Row } from './model'
import css from './money.module.css'
import { Paper } from './Sheet'
import type { Go, State } from './state'
import { texts } from './texts'

const DAY_HEIGHT = 30
const ROW_HEIGHT = 50
const TYPING = 250
/** Rows that fill any screen: until there are as many, earlier months are read. */
const SCREENFUL = 40

interface Props {
  state: State
  go: Go
  filter: () => void
  oldest: string
  accounts: readonly Account[]
  category: Category | undefined
  /** What may have a bill. */
  asked: ReadonlySet<string>
  waiting: number
  turn: { earlier: (() => void) | undefined; later: (() => void) | undefined }
}

type Mark = 'bill' | 'ask'

const isDay = (row: Row) => row.kind === 'day'
const heightOf = (row: Row) => (isDay(row) ? DAY_HEIGHT : ROW_HEIGHT)
// A day may stand in two parts: banks write the midnight of a first of the month as the evening before.
const keyOf = (row: Row) => (row.kind === 'day' ? `day-${row.first}` : row.operation._id)

/** The first bill that an operation names. */
function billOf({ bills }: Operation): string | undefined {
  return typeof bills?.[0] === 'string' ? bills[0] : undefined
}

/** Whether an operation has a bill, or may have one. */
function markOf({ _id, bills, reimbursements }: Operation, asked: ReadonlySet<string>): Mark | undefined {
  if (bills?.length || reimbursements?.length) return 'bill'
  return asked.has(_id) ? 'ask' : undefined
}

/** The rows of each part, made once for as long as the part is the same. */
const made = new WeakMap<readonly Operation[], Row[]>()

function rowsOf(part: readonly Operation[]): Row[] {
  const rows = made.get(part) ?? byDay(part)
  made.set(part, rows)
  return rows
}

export function Operations({ state, go, filter, oldest, accounts, category, asked, waiting, turn }: Props) {
  const say = useSay(texts)
  const formats = useFormats()
  const language = useLanguage()
  const client = useClient()
  const toast = useToast()
  const list = useRef<ListHandle>(null)
  const field = useRef<HTMLInputElement>(null)
  const searching = state.search !== ''
  const browsed = useOperations(state.month, oldest.slice(0, 7), state.account, !searching)
  const found = useSearch(state.search, state.account)
  const query = searching ? found : browsed
  const { parts } = query

  const kept = useMemo(() => {
    if (!state.category) return parts
    const fits = (one: Operation) => [categoryOf(one), familyOf(categoryOf(one))].includes(state.category ?? '')
    // A category is one of the month's: the chart beside it counts the month.
    return (searching ? parts : parts.slice(0, 1)).map(part => part.filter(fits))
  }, [parts, searching, state.category])
  const rows = useMemo(() => (searching ? byDay(kept.flat()) : kept.flatMap(rowsOf)), [searching, kept])

  const more = query.more && !(state.category && !searching)
  const near = () => {
    if (more && !query.fetching) query.next()
  }
  useEffect(() => {
    if (rows.length < SCREENFUL) near()
  })

  const save = async () => {
    const whole = searching ? undefined : kept[0]
    const text = await exported(client, { operations: whole, search: state.search, account: state.account, accounts, say, language })
    download(new Blob([text.csv], { type: 'text/csv;charset=utf-8' }), `${say('export.file')}-${searching ? state.search : state.month}.csv`)
    toast({ text: say('export.done', { count: text.count }) })
  }
  const failed = (error: Error) => toast({ text: say('failed', { reason: error.message }), bad: true })
  const move = (by: number) => list.current?.move(by)
  useActions([
    { id: 'next', label: say('key.next'), group: say('group'), keys: ['j', 'ArrowDown'], keyOnly: true, run: () => move(1) },
    { id: 'before', label: say('key.before'), group: say('group'), keys: ['k', 'ArrowUp'], keyOnly: true, run: () => move(-1) },
    { id: 'search', label: say('key.search'), group: say('group'), icon: 'search', keys: ['/'], run: () => field.current?.focus() },
    { id: 'export', label: say('export'), group: say('group'), icon: 'download', keys: ['e'], run: () => void save().catch(failed) },
  ])
  const thisYear = new Date().getFullYear()

  return (
    <>
      <header className={css.head}>
        <h2 className={css.cut}>{searching ? say('search.title', { text: state.search }) : formats.month(state.month)}</h2>
        <div className={css.turn} hidden={searching}>
          <Button variant="subtle" aria-label={say('month.before')} disabled={!turn.earlier} onClick={turn.earlier} px={7}>
            <Icon name="left" />
          </Button>
          <Button variant="subtle" aria-label={say('month.after')} disabled={!turn.later} onClick={turn.later} px={7}>
            <Icon name="right" />
          </Button>
        </div>
        <SearchField text={state.search} field={field} search={search => go({ search, open: undefined }, { replace: true, calm: true })} down={() => list.current?.focus()} />
        <Button className={css.chartButton ?? ''} onClick={() => go({ view: 'months', open: undefined }, { calm: true })}>
          {say('chart.show')}
        </Button>
        <Button className={css.filterButton ?? ''} onClick={filter}>
          {say('filter')}
        </Button>
        <Button className={css.exportButton ?? ''} onClick={() => void save().catch(failed)}>
          {say('export')}
        </Button>
      </header>
      {(category || searching) && (
        <div className={css.narrowed}>
          {category && <span className={css.chip} style={{ '--dot': dotOf(state.category ?? NONE) } as React.CSSProperties}>{say('filter.category', { name: category[language] })}</span>}
          <Button variant="subtle" leftSection={<Icon name="cross" size={14} />} onClick={() => go({ category: undefined, search: undefined, open: undefined })}>
            {say('filter.clear')}
          </Button>
        </div>
      )}
      {waiting > 0 && !searching && (
        <div className={css.todo}>
          <Icon name="warn" />
          <span>
            <Rich text={say('confirm.notice', { count: waiting })} />
          </span>
          <Kbd>C</Kbd>
          <Button onClick={() => go({ view: 'confirm', link: undefined, open: undefined }, { calm: true })}>{say('confirm.do')}</Button>
        </div>
      )}
      {query.pending ? (
        <Rows count={12} />
      ) : query.error && rows.length === 0 ? (
        <Failure error={query.error} again={query.again} />
      ) : rows.length === 0 && !more && !query.fetching ? (
        <Empty icon={searching ? 'search' : 'money'} title={searching ? say('search.none', { text: state.search }) : say('list.month.empty', { month: formats.month(state.month).toLowerCase() })}>
          {say(searching ? 'search.none.more' : 'list.month.empty.more')}
        </Empty>
      ) : (
        <List
          key={`${state.month}${state.account}${state.category}${state.search}`}
          handle={list}
          items={rows}
          label={say('list')}
          height={heightOf}
          keyOf={keyOf}
          heading={isDay}
          chosen={state.open}
          choose={open => go({ open }, { replace: state.open !== undefined })}
          calm
          near={near}
          render={(row, chosen, whole) => <Line row={row} chosen={chosen} whole={whole} mark={row.kind === 'operation' ? markOf(row.operation, asked) : undefined} thisYear={thisYear} />}
          foot={
            more ? <Rows count={3} still /> : <p className={css.end}>{!state.category && !searching && rows.length > 0 && say('list.end', { day: formats.shortDay(oldest) })}</p>
          }
        />
      )}
    </>
  )
}

function SearchField({ text, field, search, down }: { text: string; field: React.Ref<HTMLInputElement>; search: (text: string) => void; down: () => void }) {
  const say = useSay(texts)
  const [typed, setTyped] = useState(text)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const said = useRef(text)
  useEffect(() => () => clearTimeout(timer.current), [])
  // What the address says when it was not said here: Back, or "show everything".
  useEffect(() => {
    if (said.current !== text) setTyped(text)
    said.current = text
  }, [text])
  const type = (next: string) => {
    setTyped(next)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      said.current = next.trim()
      search(next.trim())
    }, TYPING)
  }
  return (
    <label className={css.search}>
      <Icon name="search" size={16} />
      <span className="unseen">{say('search')}</span>
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder={say('search')}
        autoComplete="off"
        onChange={event => type(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'ArrowDown' || event.key === 'Enter') down()
          if (event.key === 'Escape') {
            if (typed) type('')
            else event.currentTarget.blur()
          }
        }}
      />
    </label>
  )
}

// Remembered: while the list scrolls, only rows that come into sight are made.
const Line = memo(function Line({ row, chosen, whole, mark, thisYear }: { row: Row; chosen: boolean; whole: boolean; mark: Mark | undefined; thisYear: number }) {
  const say = useSay(texts)
  const formats = useFormats()
  const language = useLanguage()
  if (row.kind === 'day') {
    const year = dateOf(row.day).getFullYear() !== thisYear
    return (
      <div className={css.day}>
        <span>{formats.day(row.day, { opened: true, year })}</span>
        <span className="num">{formats.amount(row.total, 'EUR', { bare: true, plus: true })}</span>
      </div>
    )
  }
  const { operation } = row
  if (!whole) {
    return (
      <div className={css.op} data-brief data-chosen={chosen || undefined}>
        <div className={css.who}>{nameOf(operation)}</div>
      </div>
    )
  }
  const category = categoryOf(operation)
  const name = category === NONE ? say('uncategorised') : (CATEGORIES[category]?.[language] ?? '')
  const incoming = operation.amount > 0
  return (
    <div className={css.op} data-chosen={chosen || undefined}>
      {mark === 'bill' ? <Paper bill={billOf(operation)} /> : <i className={mark && css.outline} />}
      <div className={css.names}>
        <div className={css.who}>{nameOf(operation)}</div>
        <div className={css.raw}>{operation.originalBankLabel}</div>
      </div>
      {mark === 'ask' ? (
        <span className={`${css.chip} ${css.ask}`}>{say('bill.ask')}</span>
      ) : (
        <span className={css.chip} style={{ '--dot': dotOf(category) } as React.CSSProperties}>
          {name}
        </span>
      )}
      <div className={`${css.amount} num`} data-in={incoming || undefined}>
        {formats.amount(operation.amount, operation.currency, { bare: (operation.currency ?? 'EUR') === 'EUR', plus: incoming })}
      </div>
    </div>
  )
})
