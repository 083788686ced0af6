// The second step of a login: an authenticator app or mailed codes, recovery codes, and turning it off.
import { Button, Failure, Icon, Rows, useSay } from '@alcove/ui'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import css from './account.module.css'
import { type Offer, type SecondState, useSecond, useSecondStep } from './api'
import type { Settings } from './model'
import { Proving } from './Proving'
import { texts } from './texts'

type Step =
  | { kind: 'app' | 'mail' | 'recovery' | 'off' }
  | { kind: 'scan'; offer: Offer }
  | { kind: 'typed' }
  | { kind: 'codes'; codes: readonly string[] }

export function Second({ settings }: { settings: Settings }) {
  const second = useSecond()
  if (second.isPending) return <Rows count={1} />
  if (!second.data) return <Failure error={second.error} again={() => void second.refetch()} />
  return <Known state={second.data} email={settings.email ?? ''} />
}

function Known({ state, email }: { state: SecondState; email: string }) {
  const say = useSay(texts)
  const verbs = useSecondStep()
  const [step, setStep] = useState<Step>()
  const back = () => setStep(undefined)
  const passphrase = (go: string, send: (typed: string) => Promise<void>) => (
    <Focused>
      <Proving what="passphrase" label={say('passphrase')} go={go} send={send} cancel={back} />
    </Focused>
  )
  switch (step?.kind) {
    case 'app':
      return passphrase(say('second.next'), async typed => setStep({ kind: 'scan', offer: await verbs.offer(typed) }))
    case 'scan':
      return (
        <Scan
          offer={step.offer}
          send={async code => setStep({ kind: 'codes', codes: await verbs.accept(code) })}
          cancel={back}
        />
      )
    case 'mail':
      return passphrase(say('second.mail.send'), async typed => {
        await verbs.mail(typed)
        setStep({ kind: 'typed' })
      })
    case 'typed':
      return (
        <Focused>
          <p>{say('second.mail.sent', { address: email })}</p>
          <Proving
            what="code"
            label={say('second.code')}
            go={say('second.on')}
            cancel={back}
            send={async code => {
              await verbs.acceptMail(code)
              back()
            }}
          />
        </Focused>
      )
    case 'recovery':
      return passphrase(say('second.recovery.new'), async typed => setStep({ kind: 'codes', codes: await verbs.renew(typed) }))
    case 'off':
      return passphrase(say('second.off'), async typed => {
        await verbs.off(typed)
        back()
      })
    case 'codes':
      return <Codes codes={step.codes} done={back} />
    default:
      return <Now state={state} email={email} go={kind => setStep({ kind })} />
  }
}

/** Puts the focus on the first field of what has just come. */
function Focused({ children }: { children: ReactNode }) {
  const here = useRef<HTMLDivElement>(null)
  useEffect(() => {
    here.current?.querySelector<HTMLInputElement>('input:not([hidden])')?.focus()
  }, [])
  return (
    <div ref={here} className={css.part}>
      {children}
    </div>
  )
}

function Now({ state, email, go }: { state: SecondState; email: string; go: (kind: 'app' | 'mail' | 'recovery' | 'off') => void }) {
  const say = useSay(texts)
  if (state.mode === 'none') {
    return (
      <>
        <p className="muted">{say('second.none')}</p>
        <div className={css.acts}>
          <Button onClick={() => go('app')}>{say('second.app')}</Button>
          {state.mail && email !== '' && <Button onClick={() => go('mail')}>{say('second.mail')}</Button>}
        </div>
        {!(state.mail && email !== '') && <p className="muted small">{say(state.mail ? 'second.mail.address' : 'second.mail.unset')}</p>}
      </>
    )
  }
  return (
    <>
      <p className={css.done} role="status">
        <Icon name="check" /> {say(state.mode === 'app' ? 'second.by_app' : 'second.by_mail', { address: email })}
      </p>
      <p className={state.recovery_codes < 3 ? css.warn : 'muted'}>{say('second.left', { count: state.recovery_codes })}</p>
      <div className={css.acts}>
        <Button onClick={() => go('recovery')}>{say('second.recovery')}</Button>
        <Button variant="subtle" onClick={() => go('off')}>
          {say('second.off')}
        </Button>
      </div>
    </>
  )
}

function Scan({ offer, send, cancel }: { offer: Offer; send: (code: string) => Promise<void>; cancel: () => void }) {
  const say = useSay(texts)
  return (
    <Focused>
      <p>{say('second.scan')}</p>
      <img className={css.picture} src={offer.picture} alt={say('second.picture')} />
      <p className="small">
        {say('second.secret')} <code className={css.secret}>{offer.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
      </p>
      <Proving what="code" label={say('second.code')} go={say('second.on')} send={send} cancel={cancel} />
    </Focused>
  )
}

function Codes({ codes, done }: { codes: readonly string[]; done: () => void }) {
  const say = useSay(texts)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus()
  }, [])
  const file = `data:text/plain;charset=utf-8,${encodeURIComponent(`${codes.join('\n')}\n`)}`
  return (
    <div className={css.part}>
      <h3 ref={heading} tabIndex={-1}>
        {say('second.codes')}
      </h3>
      <p>{say('second.codes.more')}</p>
      <ul className={css.codes}>
        {codes.map(code => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className={css.acts}>
        <Button variant="filled" onClick={done}>
          {say('second.codes.done')}
        </Button>
        <Button component="a" href={file} download="alcove-codes.txt">
          {say('second.codes.keep')}
        </Button>
      </div>
    </div>
  )
}
