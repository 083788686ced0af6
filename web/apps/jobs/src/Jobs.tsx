// What the place does by itself: what runs, what runs when, and what ran, with why it failed and doing it again.
import { Button, Empty, Failure, Frame, Icon, Panel, Rows, useActions, useFormats, useLanguage, useSay, useToast, useUrl } from '@alcove/ui'
import { Unreachable } from '@alcove/client'
import type { ReactNode } from 'react'
import { useAgain, useJobs, useNamesOf, useTriggers } from './api'
import css from './jobs.module.css'
import { againOf, type Job, live, secondsOf, serviceOf, slugOf, type Trigger } from './model'
import { type Key, texts } from './texts'

const WORKERS = ['clean-clients', 'client', 'forget-secrets', 'gather', 'konnector', 'log', 'mail', 'sample', 'sendmail', 'service', 'thumbnail', 'trash-files', 'unzip', 'zip'] as const
const TIMES = ['@at', '@in', '@every', '@cron', '@hourly', '@daily', '@weekly', '@monthly', '@event', '@webhook', '@client'] as const
const CODES = ['LOGIN_FAILED', 'USER_ACTION_NEEDED', 'VENDOR_DOWN', 'DISK_QUOTA_EXCEEDED'] as const
const MINUTE = 60

export function Jobs() {
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
  const toast = useToast()
  const [url, go] = useUrl()
  const failedOnly = url.get('show') === 'failed'
  const jobs = useJobs(failedOnly)
  const triggers = useTriggers()
  const again = useAgain(
    () => toast({ text: say('again.done') }),
    error => toast({ text: say(error instanceof Unreachable ? 'away' : 'again.failed'), bad: true }),
  )
  const show = (failed: boolean) => go({ show: failed ? 'failed' : undefined })
  useActions([{ id: 'failed', label: say(failedOnly ? 'show.all' : 'show.failed'), group: say('title'), icon: 'filter', keys: ['f'], run: () => show(!failedOnly) }])
  const all = jobs.data?.pages.flatMap(page => page.docs) ?? []
  const known = triggers.data ?? []
  const row = (job: Job) => <Ran key={job._id} job={job} again={againOf(job, known)} run={again.mutate} busy={again.isPending} />
  return (
    <main className={css.main}>
      <div className={css.in}>
        <header>
          <h1>{say('title')}</h1>
          <p className="muted">{say('lead')}</p>
        </header>
        {all.some(live) && (
          <section aria-label={say('now')}>
            <h2 className={css.heading}>{say('now')}</h2>
            <ul className={css.rows}>{all.filter(live).map(row)}</ul>
          </section>
        )}
        {triggers.isError && !triggers.data ? (
          <Failure error={triggers.error} again={() => void triggers.refetch()} />
        ) : (
          known.length > 0 && (
            <section aria-label={say('by.itself')}>
              <h2 className={css.heading}>{say('by.itself')}</h2>
              <ul className={css.rows}>
                {known.map(trigger => (
                  <Planned key={trigger.id} trigger={trigger} run={() => again.mutate({ trigger: trigger.id })} busy={again.isPending} />
                ))}
              </ul>
            </section>
          )
        )}
        <section aria-label={say('ran')}>
          <div className={css.bar}>
            <h2 className={css.heading}>{say('ran')}</h2>
            <div role="group" aria-label={say('show')} className={css.choice}>
              <Button variant={failedOnly ? 'subtle' : 'light'} aria-pressed={!failedOnly} onClick={() => show(false)}>
                {say('show.all')}
              </Button>
              <Button variant={failedOnly ? 'light' : 'subtle'} aria-pressed={failedOnly} onClick={() => show(true)}>
                {say('show.failed')}
              </Button>
            </div>
          </div>
          {jobs.isPending ? (
            <Rows count={6} />
          ) : jobs.isError && !jobs.data ? (
            <Failure error={jobs.error} again={() => void jobs.refetch()} />
          ) : all.every(live) && !jobs.hasNextPage ? (
            <Empty icon={failedOnly ? 'check' : 'clock'} title={say(failedOnly ? 'none.failed' : 'none')}>
              {say(failedOnly ? 'none.failed.more' : 'none.more')}
            </Empty>
          ) : (
            <ul className={css.rows}>{all.filter(job => !live(job)).map(row)}</ul>
          )}
          {jobs.hasNextPage && (
            <Button variant="subtle" loading={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
              {say('more')}
            </Button>
          )}
        </section>
      </div>
    </main>
  )
}

/** What a job does, and for whom: "EDF", "Banques: categorise", or what the place itself does. */
function Doing({ worker, message }: { worker: string; message: unknown }) {
  const say = useSay(texts)
  const names = useNamesOf(useLanguage())
  const slug = slugOf(message)
  const service = worker === 'service' ? serviceOf(message) : ''
  const one = WORKERS.find(name => name === worker)
  const what = one ? say(`worker.${one}` satisfies Key) : worker
  return (
    <>
      <b>{slug ? <bdi>{names.data?.get(slug) ?? slug}</bdi> : what}</b>
      {slug && (
        <span className="muted">
          {' '}
          · {what}
          {service && (
            <>
              {' '}
              <bdi>{service}</bdi>
            </>
          )}
        </span>
      )}
    </>
  )
}

/** Why it failed: the contract's codes in words, other sentences as they are. */
function useReason(): (error: string) => string {
  const say = useSay(texts)
  return error => {
    const code = CODES.find(one => error.startsWith(one))
    return code ? say(`code.${code}`) : error
  }
}

function Line({ state, title, more, error, at, act }: { state: string; title: ReactNode; more: string; error?: string; at?: string; act?: ReactNode }) {
  const formats = useFormats()
  return (
    <li className={css.row}>
      <span className={css.mark} data-state={state}>
        <Icon name={state === 'done' ? 'check' : state === 'errored' ? 'warn' : 'clock'} size={16} />
      </span>
      <div className={css.told}>
        <div>{title}</div>
        <div className="small muted">{more}</div>
        {error && <div className={css.error}>{error}</div>}
      </div>
      {at && (
        <time className="small muted num" dateTime={at} title={new Date(at).toLocaleString()}>
          {formats.moment(at)}
        </time>
      )}
      {act}
    </li>
  )
}

interface RanProps {
  job: Job
  again: ReturnType<typeof againOf>
  run: (again: NonNullable<ReturnType<typeof againOf>>) => void
  busy: boolean
}

function Ran({ job, again, run, busy }: RanProps) {
  const say = useSay(texts)
  const reason = useReason()
  const seconds = secondsOf(job)
  const took =
    seconds === undefined ? [] : [seconds < 1 ? say('took.moment') : seconds < 2 * MINUTE ? say('took.seconds', { count: Math.round(seconds) }) : say('took.minutes', { count: Math.round(seconds / MINUTE) })]
  const facts = [say(`state.${job.state}`), ...took, say(job.manual_execution ? 'by.hand' : job.trigger_id ? 'by.trigger' : 'by.place')]
  return (
    <Line
      state={job.state}
      title={<Doing worker={job.worker} message={job.message} />}
      more={facts.join(' · ')}
      error={job.state === 'errored' ? reason(job.error ?? '') : ''}
      at={job.queued_at}
      act={
        again && (
          <Button variant="subtle" size="compact-sm" disabled={busy} onClick={() => run(again)}>
            {say('again')}
          </Button>
        )
      }
    />
  )
}

function Planned({ trigger, run, busy }: { trigger: Trigger; run: () => void; busy: boolean }) {
  const say = useSay(texts)
  const formats = useFormats()
  const reason = useReason()
  const { type, arguments: said, worker, message, status, error, last } = trigger
  const time = TIMES.find(one => one === type)
  const when = time ? say(`time.${time}` satisfies Key, { said }) : type
  const ran = last && !last.startsWith('0001') ? [say('last', { when: formats.ago(last) })] : []
  return (
    <Line
      state={status === 'errored' ? 'errored' : status === 'done' ? 'done' : 'waits'}
      title={<Doing worker={worker} message={message} />}
      more={[when, ...ran].join(' · ')}
      error={reason(error)}
      act={
        type !== '@client' && (
          <Button variant="subtle" size="compact-sm" disabled={busy} onClick={run}>
            {say('now.run')}
          </Button>
        )
      }
    />
  )
}
