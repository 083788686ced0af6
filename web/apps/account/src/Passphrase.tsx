// Changing the passphrase: the present one, the new one with its strength, and what ends by it.
import { Refused, Unreachable, useClient } from '@alcove/client'
import { Button, Icon, useKeyboardKept, useLanguage, useSay } from '@alcove/ui'
import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { canHash, LEAST, strength, VERDICTS } from '../../../../alcove/identity/pages/passphrase.js'
import css from './account.module.css'
import { type HalfDone, useChangePassphrase } from './api'
import { Proving } from './Proving'
import { texts } from './texts'

type Trouble = { field: 'present' | 'next' | 'form'; text: string }

export function Passphrase({ known }: { known: readonly string[] }) {
  const say = useSay(texts)
  const [open, setOpen] = useState(false)
  const [done, setDone] = useState(false)
  const part = useKeyboardKept<HTMLDivElement>(open ? 'open' : 'shut')
  const close = (changed: boolean) => {
    setOpen(false)
    setDone(changed)
  }
  return (
    <div ref={part} className={css.part}>
      {open ? (
        <Form known={known} close={close} />
      ) : (
        <>
          {done && (
            <p className={css.done} role="status">
              <Icon name="check" /> {say('passphrase.done')}
            </p>
          )}
          <Button onClick={() => setOpen(true)}>{say('passphrase.open')}</Button>
        </>
      )}
    </div>
  )
}

function Form({ known, close }: { known: readonly string[]; close: (changed: boolean) => void }) {
  const say = useSay(texts)
  const language = useLanguage()
  const { page } = useClient()
  const change = useChangePassphrase()
  const id = useId()
  const [present, setPresent] = useState('')
  const [next, setNext] = useState('')
  const [shown, setShown] = useState(false)
  const [busy, setBusy] = useState(false)
  const [half, setHalf] = useState<HalfDone>()
  const [trouble, setTrouble] = useState<Trouble>()
  const presentField = useRef<HTMLInputElement>(null)
  const nextField = useRef<HTMLInputElement>(null)
  const level = strength(next, [...known, page.domain])
  const type = shown ? 'text' : 'password'

  useEffect(() => {
    presentField.current?.focus()
  }, [])
  const tell = (said: Trouble) => {
    setTrouble(said)
    const field = said.field === 'present' ? presentField : said.field === 'next' ? nextField : undefined
    field?.current?.focus()
    field?.current?.select()
  }
  const refused = (error: unknown): Trouble => {
    if (error instanceof Refused && error.status === 403) return { field: 'present', text: say('passphrase.wrong') }
    // The server says in the person's language how long to wait.
    if (error instanceof Refused && error.status === 429) return { field: 'present', text: error.reason }
    return { field: 'form', text: say(error instanceof Unreachable ? 'passphrase.away' : 'failed') }
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    if (!canHash()) return tell({ field: 'form', text: say('passphrase.insecure') })
    if (!present) return tell({ field: 'present', text: say('passphrase.present.empty') })
    if (level === 0) return tell({ field: 'next', text: VERDICTS[language][0] ?? '' })
    if (present === next) return tell({ field: 'next', text: say('passphrase.same') })
    setBusy(true)
    setTrouble(undefined)
    try {
      const asked = await change(present, next)
      if (asked) setHalf(asked)
      else close(true)
    } catch (error) {
      tell(refused(error))
    } finally {
      setBusy(false)
    }
  }
  if (half) {
    const send = async (code: string) => {
      try {
        await change(present, next, { ...half, two_factor_passcode: code })
      } catch (error) {
        // The passphrase was right a moment ago: it is the code that is wrong.
        throw error instanceof Refused && error.status === 403 ? new Refused(422, error.reason, error.asked) : error
      }
      close(true)
    }
    return <Proving what="code" label={say('second.code')} go={say('passphrase.do')} send={send} cancel={() => close(false)} />
  }
  const said = (field: Trouble['field']) => (trouble?.field === field ? trouble.text : '')
  return (
    <form className={css.form} onSubmit={event => void submit(event)} noValidate>
      {/* A password manager must know whose passphrase it keeps. */}
      <input type="text" autoComplete="username" value={page.domain.replace(/:\d+$/, '')} readOnly hidden />
      <label htmlFor={`${id}-present`}>{say('passphrase.present')}</label>
      <input
        ref={presentField}
        id={`${id}-present`}
        className={css.input}
        type={type}
        autoComplete="current-password"
        value={present}
        onChange={event => setPresent(event.target.value)}
        aria-invalid={said('present') !== '' || undefined}
        aria-describedby={`${id}-present-said`}
      />
      <p id={`${id}-present-said`} className={css.bad} role="alert">
        {said('present')}
      </p>
      <label htmlFor={`${id}-next`}>{say('passphrase.next')}</label>
      <input
        ref={nextField}
        id={`${id}-next`}
        className={css.input}
        type={type}
        autoComplete="new-password"
        minLength={LEAST}
        value={next}
        onChange={event => setNext(event.target.value)}
        aria-invalid={said('next') !== '' || undefined}
        aria-describedby={`${id}-strength ${id}-next-said ${id}-advice`}
      />
      <div className={css.meter} data-level={next ? level : undefined} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </div>
      <p id={`${id}-strength`} className="small" aria-live="polite">
        {next ? VERDICTS[language][level] : ''}
      </p>
      <p id={`${id}-next-said`} className={css.bad} role="alert">
        {said('next')}
      </p>
      <label className={css.check}>
        <input type="checkbox" checked={shown} onChange={event => setShown(event.target.checked)} />
        {say('passphrase.show')}
      </label>
      <p id={`${id}-advice`} className="muted small">
        {say('passphrase.advice')}
      </p>
      <p className={css.bad} role="alert">
        {said('form')}
      </p>
      <div className={css.acts}>
        <Button type="submit" variant="filled" aria-disabled={busy || undefined}>
          {say(busy ? 'passphrase.busy' : 'passphrase.do')}
        </Button>
        <Button variant="subtle" onClick={() => close(false)} disabled={busy}>
          {say('cancel')}
        </Button>
      </div>
    </form>
  )
}
