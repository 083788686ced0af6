// The mail address: which one holds, which one waits to be confirmed, and another one.
import { Button, Icon, useSay, useToast } from '@alcove/ui'
import { useId, useRef, useState } from 'react'
import css from './account.module.css'
import { useMailAddress, useSecond } from './api'
import type { Settings } from './model'
import { Proving, useReason } from './Proving'
import { texts } from './texts'

export function Mail({ settings }: { settings: Settings }) {
  const say = useSay(texts)
  const toast = useToast()
  const reason = useReason()
  const second = useSecond()
  const address = useMailAddress()
  const [open, setOpen] = useState(false)
  const pending = settings.pending_email
  const act = (what: () => Promise<void>, done: string) =>
    void what().then(
      () => toast({ text: done }),
      (error: unknown) => toast({ text: reason(error), bad: true }),
    )
  if (open) return <Another close={() => setOpen(false)} propose={address.propose} />
  return (
    <>
      <p>{settings.email ? <b>{settings.email}</b> : <span className="muted">{say('mail.none')}</span>}</p>
      {typeof pending === 'string' && pending !== '' && (
        <>
          <p className={css.done} role="status">
            <Icon name="clock" /> {say('mail.pending', { address: pending })}
          </p>
          <div className={css.acts}>
            <Button onClick={() => act(address.again, say('mail.sent', { address: pending }))}>{say('mail.again')}</Button>
            <Button variant="subtle" onClick={() => act(address.giveUp, say('mail.given_up'))}>
              {say('mail.give_up')}
            </Button>
          </div>
        </>
      )}
      {second.data?.mail === false ? (
        <p className="muted small">{say('mail.unset')}</p>
      ) : (
        <Button onClick={() => setOpen(true)}>{say(settings.email ? 'mail.change' : 'mail.add')}</Button>
      )}
    </>
  )
}

function Another({ close, propose }: { close: () => void; propose: (email: string, passphrase: string) => Promise<void> }) {
  const say = useSay(texts)
  const id = useId()
  const focused = useRef(false)
  const [email, setEmail] = useState('')
  const send = async (passphrase: string) => {
    await propose(email.trim(), passphrase)
    close()
  }
  const focusOnce = (field: HTMLInputElement | null) => {
    if (field && !focused.current) field.focus()
    focused.current = true
  }
  return (
    <div className={css.part}>
      <div className={css.form}>
        <label htmlFor={id}>{say('mail.new')}</label>
        <input
          ref={focusOnce}
          id={id}
          className={css.input}
          type="email"
          autoComplete="email"
          maxLength={254}
          value={email}
          onChange={event => setEmail(event.target.value)}
        />
      </div>
      <Proving what="passphrase" label={say('passphrase')} go={say('mail.do')} send={send} cancel={close} />
    </div>
  )
}
