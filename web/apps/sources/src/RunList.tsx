// The runs of a source, the newest first: when, how long, what it brought, and each file that it could not take.
import { Button, Empty, Failure, type Handing, Icon, Rows } from '@alcove/ui'
import type { useRuns } from './api'
import { type Konnector, type Run, secondsOf, takesFiles, type Trouble, untaken } from './model'
import { countsIn, errorIn, timeIn, useWords } from './said'
import css from './sources.module.css'

interface RunListProps {
  konnector: Konnector
  runs: ReturnType<typeof useRuns>
  handing: Handing
  choose: () => void
  more: () => void
}

export function RunList({ konnector, runs, handing, choose, more }: RunListProps) {
  const { say } = useWords()
  if (runs.isPending) return <Rows count={5} />
  if (runs.isError && !runs.data) return <Failure error={runs.error} again={() => void runs.refetch()} />
  const all = runs.data?.runs ?? []
  return (
    <section aria-label={say('runs')}>
      <h2 className={css.heading}>{say('runs')}</h2>
      {all.length === 0 && (
        <Empty icon="clock" title={say('runs.none')}>
          {say(takesFiles(konnector) ? 'runs.none.files' : 'runs.none.account')}
        </Empty>
      )}
      <ul className={css.runs}>
        {all.map(run => (
          <Line key={run._id} run={run} handing={handing} choose={choose} />
        ))}
      </ul>
      {runs.data?.more && (
        <Button variant="subtle" loading={runs.isFetching} onClick={more}>
          {say('runs.more')}
        </Button>
      )}
    </section>
  )
}

function Line({ run, handing, choose }: { run: Run; handing: Handing; choose: () => void }) {
  const { say, formats } = useWords()
  const seconds = secondsOf(run)
  const { known = 0 } = run.outcomes
  const files = Object.values(run.outcomes).reduce((sum, count) => sum + count, 0)
  const state = run.state === 'done' && untaken(run) ? 'partly' : run.state
  const facts = [
    say(`run.state.${state}`),
    ...(seconds === undefined ? [] : [say('run.took', { time: timeIn(say, seconds) })]),
    ...(files ? [say('run.files', { count: files })] : []),
    ...(known ? [say('run.known', { count: known })] : []),
    ...(untaken(run) ? [say('run.untaken', { count: untaken(run) })] : []),
    ...(run.manual ? [] : [say('run.self')]),
  ]
  return (
    <li className={css.run}>
      <span className={css.mark} data-state={state}>
        <Icon name={state === 'done' ? 'check' : state === 'running' ? 'clock' : state === 'asked' ? 'question' : 'warn'} size={16} />
      </span>
      <div className={css.told}>
        <b>{countsIn(say, formats, run.counts) || (run.state === 'running' ? say('run.state.running') : say('run.nothing'))}</b>
        <div className="small muted">{facts.join(' · ')}</div>
        {run.error && <div className={css.error}>{errorIn(say, run)}</div>}
        {run.files.length > 0 && <Troubles run={run} handing={handing} choose={choose} />}
      </div>
      <time className="small muted" dateTime={run.started_at} title={new Date(run.started_at).toLocaleString()}>
        {formats.moment(run.started_at)}
      </time>
    </li>
  )
}

/** What could not be taken, and handing it over again: at once when this page still has the file. */
function Troubles({ run, handing, choose }: { run: Run; handing: Handing; choose: () => void }) {
  const { say } = useWords()
  const again = ({ file }: Trouble) => {
    const held = handing.held(file)
    if (held) handing.hand([held])
    else choose()
  }
  const others = untaken(run) - run.files.length
  return (
    <details className={css.troubles}>
      <summary>{say('run.details')}</summary>
      <p className="small muted">{say('file.kept')}</p>
      <ul className={css.files}>
        {run.files.map((trouble, at) => (
          <li key={`${trouble.file} ${at}`}>
            {/* A name may hold marks that turn the direction of writing: it is kept to itself. */}
            <bdi className={css.file}>{trouble.file}</bdi>
            <span className="small muted">{trouble.reason || say(`file.${trouble.outcome}`)}</span>
            {trouble.outcome !== 'asked' && (
              <Button variant="subtle" size="compact-sm" onClick={() => again(trouble)}>
                {say('file.again')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {others > 0 && <p className="small muted">{say('run.others', { count: others })}</p>}
    </details>
  )
}
