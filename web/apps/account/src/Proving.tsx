// A small form that asks for one thing to be typed, tells what was wrong with it, and gives the words for refusals.
import { Refused, Unreachable, useClient } from '@alcove/client'
import { Button, useSay } from '@alcove/ui'
import { type FormEvent, useId, useRef, useState } from 'react'
import { canHash } from '../../../../alcove/identity/pages/passphrase.js'
import css from './account.module.css'
import { type Key, texts } from './texts'

interface Asking {
  /** What is asked for: the passphrase, or a code. */
  what: 'passphrase' | 'code'
  label: string
  go: string
  /** Sends what was typed; what it throws is told. */
  send: (typed: string) => Promise<void>
  cancel?: () => void
}

/** The words for a refusal: those of the server where it speaks to the person, else our own. */
export function useReason(): (error: unknown) => string {
  const say = useSay(texts)
  return error => {
    if (error instanceof Unreachable) return say('away')
    if (!(error instanceof Refused)) return say('failed')
    if (error.status === 403) return say('passphrase.wrong')
    return [422, 429].includes(error.status) ? error.reason : say('failed')
  }
}

export function Proving({ what, label, go, send, cancel }: Asking) {
  const say = useSay(texts)
  const reason = useReason()
  const { page } = useClient()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState('')
  const secret = what === 'passphrase'

  const tell = (text: string) => {
    setTrouble(text)
    field.current?.focus()
    field.current?.select()
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (busy) return
    if (secret && !canHash()) return tell(say('passphrase.insecure'))
    if (!typed.trim()) return tell(say(`${what}.empty` satisfies Key))
    setBusy(true)
    setTrouble('')
    try {
      await send(typed)
    } catch (error) {
      tell(reason(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className={css.form} onSubmit={event => void submit(event)} noValidate>
      {secret && <input type="text" autoComplete="username" value={page.domain.replace(/:\d+$/, '')} readOnly hidden />}
      <label htmlFor={id}>{label}</label>
      <input
        ref={field}
        id={id}
        className={css.input}
        type={secret ? 'password' : 'text'}
        autoComplete={secret ? 'current-password' : 'one-time-code'}
        inputMode={secret ? undefined : 'numeric'}
        maxLength={secret ? undefined : 7}
        value={typed}
        onChange={event => setTyped(event.target.value)}
        aria-invalid={trouble !== '' || undefined}
        aria-describedby={`${id}-said`}
      />
      <p id={`${id}-said`} className={css.bad} role="alert">
        {trouble}
      </p>
      <div className={css.acts}>
        <Button type="submit" variant="filled" aria-disabled={busy || undefined}>
          {go}
        </Button>
        {cancel && (
          <Button variant="subtle" onClick={cancel} disabled={busy}>
            {say('cancel')}
          </Button>
        )}
      </div>
    </form>
  )
}
