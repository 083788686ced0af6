// What left the place: how much, by month, by whom and to where; each connection; and what may not be asked any more.
import {
  Button, download, Empty, Failure, Frame, Icon, Panel, Rows, useActions, useFormats, useLanguage, useSay, useToast, useUrl,
} from '@alcove/ui'
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useBlocked, useBlocking, useConnections, useExport, useSourceNames, useSums, type Verdict } from './api'
import css from './egress.module.css'
import { Lines } from './Lines'
import { askedIn, lastMonths, type Sum, type Sums } from './model'
import { type Key, texts } from './texts'

/** Milliseconds after the last key before the server is asked. */
const REST = 250
/** Rows of a table before the rest is asked for. */
const FEW = 8
const PURPOSES = ['account', 'assets', 'connector', 'installing', 'login', 'mail', 'page', 'registry', 'remote', 'service'] as const
/** Purposes of connections that are told under the name of whoever asked for them. */
const OF_SOURCES = ['connector', 'page', 'service']

export function Egress() {
  return (
    <Frame>
      <Panel>
        <Page />
      </Panel>
    </Frame>
  )
}

function Page() {
  const say = useSay(texts)
  const formats = useFormats()
  const toast = useToast()
  const [url, go] = useUrl()
  const asked = askedIn(url)
  const whole = useSums({ ...asked, month: '' })
  const month = useSums(asked)
  const lines = useConnections(asked)
  const blocked = useBlocked()
  const saveAs = useExport()
  const field = useRef<HTMLInputElement>(null)
  const names = useNames()
  const failed = () => toast({ text: say('failed'), bad: true })
  const block = useBlocking(told, failed)
  function told({ host, blocked: now }: Verdict) {
    toast({ text: say(now ? 'blocked.done' : 'unblocked.done', { host }), undo: () => block({ host, blocked: !now }) })
  }
  const save = () => saveAs(asked).then(content => download(content, `${say('export.file')}${asked.month && `-${asked.month}`}.csv`), failed)
  const clear = () => go({ month: undefined, host: undefined, purpose: undefined, who: undefined, q: undefined })
  const narrowed = Object.values(asked).some(Boolean)
  useActions([
    { id: 'search', label: say('search'), group: say('title'), icon: 'search', keys: ['/'], run: () => field.current?.focus() },
    { id: 'export', label: say('export'), group: say('title'), icon: 'download', keys: ['e'], run: () => void save() },
    ...(narrowed ? [{ id: 'clear', label: say('clear'), group: say('title'), icon: 'cross' as const, keys: ['Escape'], run: clear }] : []),
  ])
  const { data: sums } = month
  const nothing = whole.data && whole.data.connections + whole.data.refused === 0
  return (
    <main className={css.main}>
      <div className={css.in}>
        <header className={css.top}>
          <h1>{say('title')}</h1>
          <p className="muted">{say('lead')}</p>
        </header>
        {month.isError && !sums ? (
          <Failure error={month.error} again={() => void month.refetch()} />
        ) : !sums || !whole.data ? (
          <Rows count={6} />
        ) : nothing && !narrowed ? (
          <Empty icon="lock" title={say('none.title')}>
            {say('none.more')}
          </Empty>
        ) : (
          <>
            <Told sums={sums} month={asked.month} />
            <Months sums={whole.data} chosen={asked.month} choose={chosen => go({ month: chosen })} />
            <div className={css.tables}>
              <Table
                title={say('by.who')}
                rows={whoRows(sums).map(row => ({ ...row, label: row.who ? names.source(row.who) : names.purpose(row.purpose) }))}
                chosen={({ who, purpose }) => (who ? who === asked.who : purpose === asked.purpose && !asked.who)}
                choose={({ who, purpose }, on) => go(on ? { who: undefined, purpose: undefined } : { who: who || undefined, purpose: who ? undefined : purpose })}
              />
              <Table
                title={say('by.host')}
                rows={sums.hosts.map(row => ({ ...row, key: row.host, label: <bdi>{row.host}</bdi> }))}
                chosen={({ host }) => host === asked.host}
                choose={({ host }, on) => go({ host: on ? undefined : host })}
                act={({ host }) => {
                  const now = blocked.data?.includes(host) ?? false
                  return (
                    <Button variant="subtle" size="compact-sm" disabled={!blocked.data} onClick={() => block({ host, blocked: !now })} aria-label={say(now ? 'unblock.host' : 'block.host', { host })}>
                      {say(now ? 'unblock' : 'block')}
                    </Button>
                  )
                }}
              />
            </div>
            <section aria-label={say('lines')}>
              <div className={css.bar}>
                <h2 className={css.heading}>{say('lines')}</h2>
                <Search text={asked.text} field={field} search={text => go({ q: text }, { replace: true })} />
                {narrowed && (
                  <Button variant="subtle" onClick={clear}>
                    {say('clear')}
                  </Button>
                )}
                <Button variant="default" leftSection={<Icon name="download" size={16} />} onClick={() => void save()}>
                  {say('export')}
                </Button>
              </div>
              <Lines lines={lines} blocked={blocked.data ?? []} names={names} />
            </section>
          </>
        )}
        {blocked.data && <Forbidden hosts={blocked.data} block={block} />}
        {sums && <p className="small muted">{say('kept', { days: sums.kept_days })}</p>}
      </div>
      <span className="unseen" role="status">
        {sums && say('told.counted', { connections: formats.number(sums.connections), refused: formats.number(sums.refused) })}
      </span>
    </main>
  )
}

export interface Names {
  source: (slug: string) => ReactNode
  purpose: (purpose: string) => string
}

/** What sources and purposes are called. */
function useNames(): Names {
  const say = useSay(texts)
  const known = useSourceNames(useLanguage())
  return {
    source: slug => <bdi>{known.data?.get(slug) ?? slug}</bdi>,
    purpose: purpose => {
      const one = PURPOSES.find(name => name === purpose)
      return one ? say(`purpose.${one}` satisfies Key) : purpose
    },
  }
}

/** Who connected: each source by itself, and what the place did, by why. */
function whoRows({ whos, purposes }: Sums): (Sum & { key: string; who: string; purpose: string })[] {
  const sources = whos.filter(({ who }) => who).map(row => ({ ...row, key: `w${row.who}`, purpose: '' }))
  const own = purposes.filter(({ purpose }) => !OF_SOURCES.includes(purpose)).map(row => ({ ...row, key: `p${row.purpose}`, who: '' }))
  return [...sources, ...own].sort((a, b) => b.connections - a.connections)
}

function Told({ sums, month }: { sums: Sums; month: string }) {
  const say = useSay(texts)
  const formats = useFormats()
  return (
    <dl className={css.facts}>
      <div>
        <dt className="small muted">{month ? say('told.month', { month: formats.month(month).toLowerCase() }) : say('told.all')}</dt>
        <dd className={`${css.big} num`}>{formats.size(sums.up)}</dd>
      </div>
      <div>
        <dt className="small muted">{say('told.down')}</dt>
        <dd className={`${css.big} num`}>{formats.size(sums.down)}</dd>
      </div>
      <div>
        <dt className="small muted">{say('told.connections', { count: sums.connections })}</dt>
        <dd className={`${css.big} num`}>{formats.number(sums.connections)}</dd>
      </div>
      <div>
        <dt className="small muted">{say('told.refused', { count: sums.refused })}</dt>
        <dd className={`${css.big} num`}>{formats.number(sums.refused)}</dd>
      </div>
    </dl>
  )
}

/** The last twelve months as bars that filter: each is a row of a table, with its numbers. */
function Months({ sums, chosen, choose }: { sums: Sums; chosen: string; choose: (month: string | undefined) => void }) {
  const say = useSay(texts)
  const formats = useFormats()
  const list = useRef<HTMLUListElement>(null)
  // Where twelve do not fit, the newest are seen first.
  useLayoutEffect(() => {
    list.current?.scrollTo({ left: list.current.scrollWidth })
  }, [])
  const found = new Map(sums.months.map(one => [one.month, one]))
  const months = [...new Set([...lastMonths(new Date()), ...found.keys()])].sort()
  const most = Math.max(1, ...sums.months.map(one => one.up))
  return (
    <ul ref={list} className={css.months} aria-label={say('by.month')}>
      {months.map(month => {
        const { up = 0, connections = 0 } = found.get(month) ?? {}
        return (
          <li key={month}>
            <button
              type="button"
              aria-pressed={chosen === month}
              title={say('month.told', { month: formats.month(month), count: connections, size: formats.size(up) })}
              onClick={() => choose(chosen === month ? undefined : month)}
            >
              <span className={css.column} aria-hidden="true">
                <i style={{ height: `${up ? Math.max(4, (up / most) * 100) : 0}%` }} />
              </span>
              <span className="small" aria-hidden="true">
                {formats.shortMonth(month)}
              </span>
              <span className="unseen">{say('month.told', { month: formats.month(month), count: connections, size: formats.size(up) })}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

interface TableProps<R> {
  title: string
  rows: readonly R[]
  chosen: (row: R) => boolean
  choose: (row: R, on: boolean) => void
  act?: (row: R) => ReactNode
}

function Table<R extends Sum & { key: string; label: ReactNode }>({ title, rows, chosen, choose, act }: TableProps<R>) {
  const say = useSay(texts)
  const formats = useFormats()
  const [all, setAll] = useState(false)
  return (
    <section aria-label={title}>
      <h2 className={css.heading}>{title}</h2>
      <ul className={css.rows}>
        {(all ? rows : rows.slice(0, FEW)).map(row => {
          const on = chosen(row)
          return (
            <li key={row.key} data-on={on || undefined}>
              <button type="button" className={css.row} aria-pressed={on} onClick={() => choose(row, on)}>
                <span className={css.label}>{row.label}</span>
                <span className="small muted num">
                  {say('row.told', { count: row.connections, size: formats.size(row.up) })}
                  {row.refused > 0 && ` · ${say('row.refused', { count: row.refused })}`}
                </span>
              </button>
              {act?.(row)}
            </li>
          )
        })}
      </ul>
      {rows.length > FEW && !all && (
        <Button variant="subtle" onClick={() => setAll(true)}>
          {say('rows.all', { count: rows.length })}
        </Button>
      )}
    </section>
  )
}

function Search({ text, field, search }: { text: string; field: React.RefObject<HTMLInputElement | null>; search: (text: string | undefined) => void }) {
  const say = useSay(texts)
  const [typed, setTyped] = useState(text)
  useEffect(() => {
    setTyped(text)
  }, [text])
  useEffect(() => {
    if (typed === text) return
    const timer = setTimeout(() => search(typed || undefined), REST)
    return () => clearTimeout(timer)
  })
  return <input ref={field} type="search" className={css.search} placeholder={say('search')} aria-label={say('search')} maxLength={200} value={typed} onChange={event => setTyped(event.target.value)} />
}

/** The hosts that nothing is sent to, and one more by its name. */
function Forbidden({ hosts, block }: { hosts: readonly string[]; block: (verdict: Verdict) => void }) {
  const say = useSay(texts)
  const [host, setHost] = useState('')
  const wrong = host.trim() !== '' && !/^[\p{L}\p{N}_][\p{L}\p{N}._:-]*$/u.test(host.trim())
  return (
    <section className={css.forbidden} aria-labelledby="blocked">
      <h2 id="blocked" className={css.heading}>
        {say('blocked')}
      </h2>
      <p className="small muted">{say('blocked.more')}</p>
      {hosts.length > 0 && (
        <ul className={css.hosts}>
          {hosts.map(one => (
            <li key={one}>
              <bdi>{one}</bdi>
              <Button variant="subtle" size="compact-sm" onClick={() => block({ host: one, blocked: false })} aria-label={say('unblock.host', { host: one })}>
                {say('unblock')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <form
        className={css.add}
        onSubmit={event => {
          event.preventDefault()
          if (!host.trim() || wrong) return
          block({ host: host.trim().toLowerCase(), blocked: true })
          setHost('')
        }}
      >
        <input className={css.search} aria-label={say('blocked.add')} placeholder="tracker.example" maxLength={253} value={host} aria-invalid={wrong || undefined} aria-describedby="wrong" onChange={event => setHost(event.target.value)} />
        <Button type="submit" variant="default">
          {say('block')}
        </Button>
        <span id="wrong" className={css.bad} role="alert">
          {wrong && say('blocked.wrong')}
        </span>
      </form>
    </section>
  )
}
