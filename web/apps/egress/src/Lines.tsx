// Each connection, by day, the newest first: who asked whom, why, how much went out and came in, and how it ended.
import { Button, Empty, Failure, Icon, isoDay, Rows, useFormats, useSay } from '@alcove/ui'
import type { useConnections } from './api'
import type { Names } from './Egress'
import css from './egress.module.css'
import { useEffect } from 'react'
import { byDay, type Connection } from './model'
import { texts } from './texts'

/** Reasons that the line tells in other words. */
const TOLD_ALREADY = ['blocked', 'policy']

interface LinesProps {
  lines: ReturnType<typeof useConnections>
  blocked: readonly string[]
  names: Names
}

export function Lines({ lines, blocked, names }: LinesProps) {
  const say = useSay(texts)
  const formats = useFormats()
  const all = lines.data?.pages.flatMap(page => page.connections) ?? []
  // A text is looked for page by page: one without any is no end.
  const further = lines.hasNextPage && !lines.isFetching && all.length === 0
  useEffect(() => {
    if (further) void lines.fetchNextPage()
  })
  if (lines.isPending || further || (all.length === 0 && lines.isFetchingNextPage)) return <Rows count={6} />
  if (lines.isError && !lines.data) return <Failure error={lines.error} again={() => void lines.refetch()} />
  if (!all.length) {
    return (
      <Empty icon="search" title={say('lines.none')}>
        {say('lines.none.more')}
      </Empty>
    )
  }
  return (
    <>
      {byDay(all, at => isoDay(new Date(at))).map(({ day, connections }) => (
        <section key={day} aria-label={formats.day(day, { opened: true, year: true })}>
          <h3 className={css.day}>{formats.day(day, { opened: true, year: true })}</h3>
          <ul className={css.lines}>
            {connections.map(one => (
              <Line key={one.id} connection={one} forbidden={blocked.includes(one.host)} names={names} />
            ))}
          </ul>
        </section>
      ))}
      {lines.hasNextPage && (
        <Button variant="subtle" loading={lines.isFetchingNextPage} onClick={() => void lines.fetchNextPage()}>
          {say('lines.more')}
        </Button>
      )}
    </>
  )
}

function Line({ connection, forbidden, names }: { connection: Connection; forbidden: boolean; names: Names }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { at, purpose, who, host, port, address, verdict, reason, up, down } = connection
  const facts = [names.purpose(purpose), ...(address ? [`${address} · ${port}`] : []), ...(reason && !TOLD_ALREADY.includes(reason) ? [reason] : []), ...(forbidden ? [say('line.forbidden')] : [])]
  return (
    <li data-verdict={verdict}>
      <span className={css.sign}>
        <Icon name={verdict === 'done' ? 'globe' : verdict === 'refused' ? 'lock' : verdict === 'failed' ? 'warn' : 'clock'} size={16} />
      </span>
      <div className={css.told}>
        <div>
          <b>
            <bdi>{host}</bdi>
          </b>
          {who && <span className="muted"> · {names.source(who)}</span>}
        </div>
        <div className="small muted">{facts.join(' · ')}</div>
      </div>
      <div className={css.sizes}>
        {verdict === 'refused' ? (
          say('verdict.refused')
        ) : (
          <span className="num" title={say('line.sizes', { up: formats.size(up), down: formats.size(down) })}>
            <span className="unseen">{say('line.sizes', { up: formats.size(up), down: formats.size(down) })}</span>
            <span aria-hidden="true">
              ↑ {formats.size(up)} ↓ {formats.size(down)}
            </span>
          </span>
        )}
        {(verdict === 'failed' || verdict === 'open') && <span className="small muted">{say(`verdict.${verdict}`)}</span>}
      </div>
      <time className="small muted num" dateTime={at} title={new Date(at).toLocaleString()}>
        {new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}
      </time>
    </li>
  )
}
