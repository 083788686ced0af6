// What is being handed over and read now, how it ended, and what could not be sent.
import { Bar, Button, type Handing, Icon, kindOf, type Sending, useFormats, useSay, useStopGathering, useWork } from '@alcove/ui'
import { useEffect } from 'react'
import { useSummary, useToConfirm } from './api'
import { counted, fresh, type Gathering, monthsBetween, runs } from './model'
import css from './place.module.css'
import { texts } from './texts'

const MINUTE = 60_000
/** Before so much time has gone by, a guess of what is left would jump about. */
const GUESS = 3000

/** Minutes left at the pace so far; undefined while it cannot be told. */
export function minutesLeft({ since, bytes, sentBytes }: Sending, now: number): number | undefined {
  const gone = now - since
  if (gone < GUESS || sentBytes === 0) return undefined
  return (gone * (bytes - sentBytes)) / sentBytes / MINUTE
}

export function Running({ handing, gatherings }: { handing: Handing; gatherings: readonly Gathering[] }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { show, end } = useWork()
  const { sending, failed } = handing
  const running = gatherings.find(runs)
  const [stopping, stop] = useStopGathering(running?._id)
  const halted = gatherings[0]?.state === 'stopped' && fresh(gatherings[0], Date.now()) ? gatherings[0] : undefined
  const over = gatherings.find(one => one.state === 'done' && (one._id === handing.begun || fresh(one, Date.now())))
  const why = (error: unknown) => {
    const kind = kindOf(error)
    if (kind === 'unreachable' || kind === 'full' || kind === 'session') return say(`failed.${kind}`)
    return error instanceof Error ? error.message : String(error)
  }

  const left = sending && minutesLeft(sending, Date.now())
  const work = sending
    ? {
        title: say('run.sending'),
        detail: [
          say('run.sending.detail', {
            sent: sending.sent,
            total: sending.files,
            bytes: formats.size(sending.sentBytes),
            all: formats.size(sending.bytes),
          }),
          left === undefined ? '' : left < 1 ? say('run.soon') : say('run.left', { count: Math.round(left) }),
        ]
          .filter(Boolean)
          .join(' · '),
        share: sending.bytes ? sending.sentBytes / sending.bytes : 0,
        cancel: handing.stop,
      }
    : running && {
        title: say(stopping ? 'run.stopping' : running.state === 'queued' ? 'run.queued' : running.state === 'sorting' ? 'run.sorting' : 'run.running'),
        detail: running.total ? say('run.detail', { done: running.done, total: running.total }) : '',
        share: running.total ? running.done / running.total : undefined,
        cancel: stopping ? undefined : stop,
      }
  const shape = JSON.stringify(work)
  useEffect(() => {
    if (work) show({ id: 'gathering', ...work })
    else end('gathering')
    // The text of the work tells whether it changed; the object is made anew each time.
  }, [shape, show, end])
  useEffect(() => () => end('gathering'), [end])

  return (
    <>
      {work && (
        <section className={css.running} aria-live="polite">
          <div className={css.runHead}>
            <b>{work.title}</b>
            <span className="muted num">{work.detail}</span>
            {work.cancel && (
              <Button variant="subtle" onClick={work.cancel}>
                {say('run.stop')}
              </Button>
            )}
          </div>
          <Bar share={work.share} label={work.title} />
          {!sending && <div className="small muted">{say('run.leave')}</div>}
        </section>
      )}
      {failed.length > 0 && (
        <section className={css.running} role="alert">
          <div className={css.runHead}>
            <b>{say('failed.title', { count: failed.length })}</b>
            <Button onClick={handing.again}>{say('again')}</Button>
          </div>
          <ul className={css.files}>
            {failed.slice(0, 50).map(({ name, error }) => (
              <li key={name}>
                <bdi className={css.file}>{name}</bdi>
                <span className="small muted">{why(error)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {halted && !work && <Halted gathering={halted} handing={handing} />}
      {over && !work && !halted && <Over gathering={over} />}
    </>
  )
}

/** Stopped by the person: what was read, and the way on. */
function Halted({ gathering, handing }: { gathering: Gathering; handing: Handing }) {
  const say = useSay(texts)
  const rest = handing.rest(gathering.files.map(({ file }) => file))
  return (
    <section className={css.running} aria-live="polite">
      <div className={css.runHead}>
        <div>
          <b>{say('halted.title', { count: gathering.done, total: gathering.total })}</b>
          <div className="small muted">{say(rest.length ? 'halted.rest' : 'halted.more')}</div>
        </div>
        {rest.length > 0 && <Button onClick={() => handing.hand(rest)}>{say('halted.do', { count: rest.length })}</Button>}
      </div>
    </section>
  )
}

/** Something true, as soon as it is: "14 months of two accounts, 9 bills found their payment, 3 need you". */
function Over({ gathering }: { gathering: Gathering }) {
  const say = useSay(texts)
  const formats = useFormats()
  const summary = useSummary(true)
  const confirm = useToConfirm()
  const { data } = summary
  const { operations = 0, bills = 0, accounts = 0 } = counted(gathering.files)
  const read = gathering.files.filter(({ outcome }) => outcome === 'new' || outcome === 'known').length
  const parts: string[] = []
  if (data?.first && data.last) {
    const months = say('done.months', { count: monthsBetween(data.first, data.last) })
    parts.push(say('done.of', { months, accounts: say('done.accounts', { count: data.accounts }) }))
  }
  if (data?.linked) parts.push(say('done.linked', { count: data.linked }))
  if (confirm.data?.length) parts.push(say('done.need', { count: confirm.data.length }))
  if (summary.isPending) return null
  return (
    <section className={css.running} aria-live="polite">
      <div className={css.runHead}>
        <span className={css.sign}>
          <Icon name="check" />
        </span>
        <div>
          <b>{parts.length ? parts.join(', ') : say('done.title', { count: read })}</b>
          <div className="small muted num">
            {say('done.title', { count: read })} ·{' '}
            {operations || bills || accounts
              ? formats.list([operations && say('new.operations', { count: operations }), bills && say('new.bills', { count: bills })].filter(part => typeof part === 'string'))
              : say('done.known')}
          </div>
        </div>
      </div>
    </section>
  )
}
