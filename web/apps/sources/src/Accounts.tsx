// The accounts of a source: connected, changed, removed. A source of files has none: only what it remembers.
import { Button, Modal, useToast } from '@alcove/ui'
import { type FormEvent, useId, useState } from 'react'
import { useConnect, useDisconnect } from './api'
import { type Account, type Fault, faultIn, type Field, fieldsOf, type Konnector, nameOf, remembered, takesFiles, type Trigger } from './model'
import { useWords } from './said'
import css from './sources.module.css'

interface AccountsProps {
  konnector: Konnector
  accounts: readonly Account[]
  triggers: readonly Trigger[]
  ready: boolean
}

export function Accounts({ konnector, accounts, triggers, ready }: AccountsProps) {
  const { say, language } = useWords()
  const [form, setForm] = useState<{ account?: Account }>()
  const [leaving, setLeaving] = useState<Account>()
  const fields = fieldsOf(konnector, language)
  const ofFiles = takesFiles(konnector) && fields.length === 0
  if (!ready || (ofFiles && !accounts.length)) return null
  return (
    <section className={css.part}>
      <h2 className={css.heading}>{say(ofFiles ? 'accounts.memory' : 'accounts')}</h2>
      {accounts.length === 0 && <p className="muted">{say('accounts.none')}</p>}
      <ul className={css.accounts}>
        {accounts.map(account => {
          const answers = remembered(account)
          return (
            <li key={account._id}>
              <span className={css.account}>
                {ofFiles ? (answers ? say('accounts.answers', { count: answers }) : say('accounts.noanswers')) : <bdi>{account.name || nameOf(konnector, language)}</bdi>}
              </span>
              {fields.length > 0 && (
                <Button variant="subtle" onClick={() => setForm({ account })}>
                  {say('accounts.change')}
                </Button>
              )}
              {(!ofFiles || answers > 0) && (
                <Button variant="subtle" onClick={() => setLeaving(account)}>
                  {say(ofFiles ? 'forget' : 'accounts.remove')}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      {fields.length > 0 && <Button onClick={() => setForm({})}>{say(accounts.length ? 'accounts.more' : 'accounts.connect')}</Button>}
      <Modal
        opened={form !== undefined}
        onClose={() => setForm(undefined)}
        title={say(form?.account ? 'form.change' : 'form.title', { name: nameOf(konnector, language) })}
        closeButtonProps={{ 'aria-label': say('cancel') }}
      >
        {form && (
          <Form
            konnector={konnector}
            fields={fields}
            account={form.account}
            trigger={triggers.find(one => one.account === form.account?._id)?.id}
            close={() => setForm(undefined)}
          />
        )}
      </Modal>
      <Leave konnector={konnector} account={leaving} triggers={triggers} ofFiles={ofFiles} close={() => setLeaving(undefined)} />
    </section>
  )
}

interface LeaveProps {
  konnector: Konnector
  account: Account | undefined
  triggers: readonly Trigger[]
  ofFiles: boolean
  close: () => void
}

function Leave({ konnector, account, triggers, ofFiles, close }: LeaveProps) {
  const { say, language } = useWords()
  const toast = useToast()
  const disconnect = useDisconnect({
    done: () => {
      toast({ text: say('removed') })
      close()
    },
    failed: error => toast({ text: say('remove.failed', { reason: error.message }), bad: true }),
  })
  const leave = () => {
    if (!account) return
    const mine = triggers.filter(one => one.account === account._id).map(one => one.id)
    disconnect.mutate({ account, triggers: mine })
  }
  const name = account?.name || nameOf(konnector, language)
  return (
    <Modal
      opened={account !== undefined}
      onClose={close}
      title={ofFiles ? say('forget.title') : say('remove.title', { name })}
      closeButtonProps={{ 'aria-label': say('cancel') }}
    >
      <p>{say(ofFiles ? 'remove.files' : 'remove.account')}</p>
      <div className={css.buttons}>
        <Button variant="subtle" onClick={close}>
          {say('cancel')}
        </Button>
        <Button variant="filled" loading={disconnect.isPending} onClick={leave}>
          {say(ofFiles ? 'forget' : 'remove.do')}
        </Button>
      </div>
    </Modal>
  )
}

interface FormProps {
  konnector: Konnector
  fields: readonly Field[]
  account: Account | undefined
  trigger: string | undefined
  close: () => void
}

/** What the field holds when the form opens: of a secret that is kept, nothing is shown. */
function firstOf({ name, kind, initial }: Field, account: Account | undefined): string {
  const kept = account?.auth?.[name]
  return kind === 'password' || kept === undefined ? initial : String(kept)
}

function Form({ konnector, fields, account, trigger, close }: FormProps) {
  const { say, language } = useWords()
  const toast = useToast()
  const connect = useConnect()
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(fields.map(field => [field.name, firstOf(field, account)])))
  const [faults, setFaults] = useState<Record<string, Fault | undefined>>({})
  const name = nameOf(konnector, language)
  const send = (event: FormEvent) => {
    event.preventDefault()
    const asked = fields.filter(field => !(account && field.kind === 'password' && !values[field.name]))
    const found = Object.fromEntries(asked.map(field => [field.name, faultIn(field, values[field.name] ?? '')]))
    setFaults(found)
    if (Object.values(found).some(Boolean)) return
    connect.mutate(
      { konnector, fields: asked, values, account, trigger },
      {
        onSuccess: () => {
          toast({ text: say('form.done', { name }) })
          close()
        },
        onError: error => toast({ text: say('form.failed', { reason: error.message }), bad: true }),
      },
    )
  }
  return (
    <form className={css.form} onSubmit={send} noValidate>
      {fields.map(field => (
        <Input
          key={field.name}
          field={field}
          kept={Boolean(account)}
          value={values[field.name] ?? ''}
          fault={faults[field.name]}
          set={value => setValues(before => ({ ...before, [field.name]: value }))}
        />
      ))}
      <div className={css.buttons}>
        <Button variant="subtle" onClick={close}>
          {say('cancel')}
        </Button>
        <Button type="submit" variant="filled" loading={connect.isPending}>
          {say('form.do')}
        </Button>
      </div>
    </form>
  )
}

interface InputProps {
  field: Field
  kept: boolean
  value: string
  fault: Fault | undefined
  set: (value: string) => void
}

function Input({ field, kept, value, fault, set }: InputProps) {
  const { say } = useWords()
  const id = useId()
  const secret = field.kind === 'password'
  const shared = { id, 'aria-invalid': fault ? true : undefined, 'aria-describedby': `${id}more` }
  if (field.kind === 'tick') {
    return (
      <label className={css.tick}>
        <input {...shared} type="checkbox" checked={value === 'true'} onChange={event => set(String(event.target.checked))} />
        {field.label}
      </label>
    )
  }
  return (
    <div className={css.input}>
      <label htmlFor={id}>{field.label}</label>
      {field.kind === 'choice' ? (
        <select {...shared} value={value} onChange={event => set(event.target.value)}>
          <option value="">{say('form.choose')}</option>
          {field.options.map(option => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          type={secret ? 'password' : field.kind === 'email' ? 'email' : 'text'}
          autoComplete="off"
          spellCheck={false}
          placeholder={secret && kept ? say('form.keep') : undefined}
          value={value}
          onChange={event => set(event.target.value)}
        />
      )}
      <span id={`${id}more`} className={fault ? css.fault : 'small muted'}>
        {fault ? say(`fault.${fault}`) : secret ? say('form.secret') : ''}
      </span>
    </div>
  )
}
