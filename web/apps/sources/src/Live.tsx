// What is being handed over now, and what could not be sent.
import { Bar, Button, type Handing, kindOf, frameTexts, useSay, useStopGathering, useWork } from '@alcove/ui'
import { useEffect } from 'react'
import { type Run } from './model'
import { useWords } from './said'
import css from './sources.module.css'

export function Live({ handing }: { handing: Handing }) {
  const { say, formats } = useWords()
  const frame = useSay(frameTexts)
  const { show, end } = useWork()
  const { sending, failed, stop } = handing
  const detail = sending && say('sending.detail', { sent: sending.sent, total: sending.files, bytes: formats.size(sending.sentBytes), all: formats.size(sending.bytes) })
  const share = sending && (sending.bytes ? sending.sentBytes / sending.bytes : 0)
  useEffect(() => {
    if (detail !== undefined) show({ id: 'sending', title: say('sending'), detail, share, cancel: stop })
    else end('sending')
  }, [detail, share, show, end, say])
  useEffect(() => () => end('sending'), [end])
  return (
    <>
      {sending && (
        <section className={css.card} aria-live="polite">
          <div className={css.cardHead}>
            <b>{say('sending')}</b>
            <span className="muted num">{detail}</span>
            <Button variant="subtle" onClick={stop}>
              {say('stop')}
            </Button>
          </div>
          <Bar share={share} label={say('sending')} />
        </section>
      )}
      {failed.length > 0 && (
        <section className={css.card} role="alert">
          <div className={css.cardHead}>
            <b>{say('failed.title', { count: failed.length })}</b>
            <Button onClick={handing.again}>{say('again')}</Button>
          </div>
          <ul className={css.files}>
            {failed.slice(0, 50).map(({ name, error }) => (
              <li key={name}>
                <bdi className={css.file}>{name}</bdi>
                <span className="small muted">{kindOf(error) === 'other' && error instanceof Error ? error.message : frame(`error.${kindOf(error)}`)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

/** A run that goes on: how far, and with what. */
export function Going({ run }: { run: Run }) {
  const { say } = useWords()
  // A gathering is stopped as a whole; the run of an account is another kind of job.
  const [stopping, stop] = useStopGathering(run.worker === 'gather' ? run.job : undefined)
  const share = run.total ? run.done / run.total : undefined
  return (
    <section className={css.card} aria-live="polite">
      <div className={css.cardHead}>
        <b>{say(stopping ? 'live.stopping' : 'live')}</b>
        {run.total > 0 && <span className="muted num">{say('live.detail', { done: run.done, total: run.total })}</span>}
        <bdi className={`${css.file} muted`}>{run.label}</bdi>
        {run.worker === 'gather' && (
          <Button variant="subtle" disabled={stopping} onClick={stop}>
            {say('stop')}
          </Button>
        )}
      </div>
      <Bar share={share} label={say('live')} />
      <div className="small muted">{say('live.leave')}</div>
    </section>
  )
}
