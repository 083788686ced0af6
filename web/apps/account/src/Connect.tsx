// How a device is connected: the steps for each system, and the app password that some of them ask for.
import { Button, Failure, Rich, Rows, useSay } from '@alcove/ui'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import css from './account.module.css'
import { type Made, useConnection, useMakeAppPassword } from './api'
import { type Key, STEPS, texts as steps } from './connecttexts'
import { addressesOf, type Connection, SYSTEMS, type System, systemOf } from './model'
import { Proving } from './Proving'
import { texts } from './texts'

const LONGEST = 100
/** Systems whose apps open a browser and ask there: they need no app password. */
const ASKS = new Set<System>(['ios', 'android', 'sync'])

export function Connect() {
  const connection = useConnection()
  if (connection.isPending) return <Rows count={3} />
  if (!connection.data) return <Failure error={connection.error} again={() => void connection.refetch()} />
  return <Known connection={connection.data} />
}

function Known({ connection }: { connection: Connection }) {
  const say = useSay(steps)
  const [system, setSystem] = useState(() => systemOf(navigator.userAgent))
  return (
    <>
      <fieldset className={css.line}>
        <legend>{say('system')}</legend>
        <div className={css.choices}>
          {SYSTEMS.map(one => (
            <label key={one}>
              <input type="radio" name="system" checked={one === system} onChange={() => setSystem(one)} />
              {say(one)}
            </label>
          ))}
        </div>
      </fieldset>
      <Steps system={system} connection={connection} />
      <NewPassword key={system} system={system} />
    </>
  )
}

function Steps({ system, connection }: { system: System; connection: Connection }) {
  const say = useSay(steps)
  const values = addressesOf(connection)
  return (
    <>
      <ol className={css.steps} aria-label={say('steps', { system: say(system) })}>
        {STEPS[system].map(step => (
          <li key={step}>
            <Said text={say(step)} values={values} />
          </li>
        ))}
      </ol>
      {ASKS.has(system) && (
        <figure className={css.scan}>
          <img className={css.picture} src={connection.picture} alt={say('picture.server')} />
          <figcaption className="small muted">{say('picture.server.more')}</figcaption>
        </figure>
      )}
    </>
  )
}

/** A step; what is to be typed as it stands comes in `[brackets]` by its name, and can be chosen with one click. */
function Said({ text, values }: { text: string; values: Record<string, string> }): ReactNode {
  return text.split(/\[(\w+)\]/).map((piece, at) =>
    at % 2 ? (
      <code key={at} className={css.typed}>
        {values[piece] ?? piece}
      </code>
    ) : (
      <Rich key={at} text={piece} />
    ),
  )
}

function NewPassword({ system }: { system: System }) {
  const say = useSay(steps)
  const [opened, setOpened] = useState(false)
  const [made, setMade] = useState<Made>()
  const close = () => {
    setMade(undefined)
    setOpened(false)
  }
  if (made) return <Told made={made} done={close} />
  if (opened) return <Asked device={say(ASKS.has(system) ? 'phone' : 'computer')} made={setMade} cancel={close} />
  return (
    <div className={css.part}>
      {ASKS.has(system) && <p className="muted small">{say('password.unneeded')}</p>}
      <Button onClick={() => setOpened(true)}>{say('password.make')}</Button>
    </div>
  )
}

/** Asks for the name of the device and for the passphrase. */
function Asked({ device, made, cancel }: { device: string; made: (made: Made) => void; cancel: () => void }) {
  const say = useSay(steps)
  const sayHere = useSay(texts)
  const make = useMakeAppPassword()
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [name, setName] = useState(device)
  useEffect(() => {
    field.current?.select()
  }, [])
  return (
    <div className={css.part}>
      <div className={css.form}>
        <label htmlFor={id}>{say('password.name')}</label>
        <input ref={field} id={id} className={css.input} value={name} maxLength={LONGEST} autoComplete="off" onChange={event => setName(event.target.value)} />
      </div>
      <Proving
        what="passphrase"
        label={sayHere('passphrase')}
        go={say('password.make')}
        send={async typed => made(await make(name.trim() || device, typed))}
        cancel={cancel}
      />
    </div>
  )
}

/** The app password: shown this once. */
function Told({ made, done }: { made: Made; done: () => void }) {
  const say = useSay(steps)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    heading.current?.focus()
  }, [])
  const facts: [Key, string][] = [
    ['password.login', made.login],
    ['password.secret', made.password],
  ]
  return (
    <div className={css.part}>
      <h3 ref={heading} tabIndex={-1}>
        {say('password.made', { name: made.name })}
      </h3>
      <p>{say('password.once')}</p>
      <dl className={css.facts}>
        {facts.map(([key, value]) => (
          <div key={key}>
            <dt>{say(key)}</dt>
            <dd>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
      <figure className={css.scan}>
        <img className={css.picture} src={made.picture} alt={say('picture.login')} />
        <figcaption className="small muted">{say('picture.login.more')}</figcaption>
      </figure>
      <div className={css.acts}>
        <Button variant="filled" onClick={done}>
          {say('password.done')}
        </Button>
      </div>
    </div>
  )
}
