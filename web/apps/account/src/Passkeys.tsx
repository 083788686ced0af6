// The person's passkeys: named, removed; a new one is made on a page of the instance itself, as browsers want it.
import { useClient } from '@alcove/client'
import { Ask, Button, Failure, Icon, Name, Rows, useFormats, useSay, useToast } from '@alcove/ui'
import { type FormEvent, useId, useState } from 'react'
import css from './account.module.css'
import { usePasskeys, useRemovePasskey, useRenamePasskey } from './api'
import { useFailed } from './failed'
import { type Passkey, today } from './model'
import { texts } from './texts'

const LONGEST = 100

export function Passkeys() {
  const say = useSay(texts)
  const toast = useToast()
  const { page } = useClient()
  const passkeys = usePasskeys()
  const [asking, setAsking] = useState<Passkey>()
  const remove = useRemovePasskey(gone => toast({ text: say('passkey.removed', { name: gone.name }) }), useFailed())
  if (passkeys.isPending) return <Rows count={1} />
  if (!passkeys.data) return <Failure error={passkeys.error} again={() => void passkeys.refetch()} />
  return (
    <>
      {passkeys.data.length > 0 ? (
        <ul className={css.devices}>
          {passkeys.data.map(passkey => (
            <Row key={passkey.id} passkey={passkey} remove={() => setAsking(passkey)} />
          ))}
        </ul>
      ) : (
        <p className="muted small">{say('passkeys.none')}</p>
      )}
      <Button component="a" href={`${window.location.protocol}//${page.domain}/auth/passkeys`}>
        {say('passkeys.add')}
      </Button>
      <Ask opened={asking !== undefined} title={say('passkey.remove.title')} act={say('passkey.remove')} go={() => asking && remove(asking)} close={() => setAsking(undefined)}>
        {say('passkey.remove.more', { name: asking?.name ?? '' })}
      </Ask>
    </>
  )
}

function Row({ passkey, remove }: { passkey: Passkey; remove: () => void }) {
  const say = useSay(texts)
  const formats = useFormats()
  const [naming, setNaming] = useState(false)
  if (naming) {
    return (
      <li>
        <Icon name="lock" />
        <Naming passkey={passkey} close={() => setNaming(false)} />
      </li>
    )
  }
  const since = say('passkey.since', { ago: formats.ago(passkey.since) })
  const used = passkey.used ? (today(passkey.used) ? say('passkey.today') : say('passkey.used', { ago: formats.ago(passkey.used) })) : say('passkey.unused')
  return (
    <li>
      <Icon name="lock" />
      <div>
        <b>
          <Name of={passkey.name} />
        </b>
        <div className="small muted">{[since, used, passkey.synchronized && say('passkey.synchronized')].filter(Boolean).join(' · ')}</div>
      </div>
      <div className={css.acts}>
        <Button variant="subtle" onClick={() => setNaming(true)} aria-label={say('passkey.rename.name', { name: passkey.name })}>
          {say('passkey.rename')}
        </Button>
        <Button variant="subtle" onClick={remove} aria-label={say('passkey.remove.name', { name: passkey.name })}>
          {say('passkey.remove')}
        </Button>
      </div>
    </li>
  )
}

function Naming({ passkey, close }: { passkey: Passkey; close: () => void }) {
  const say = useSay(texts)
  const toast = useToast()
  const id = useId()
  const [name, setName] = useState(passkey.name)
  const rename = useRenamePasskey(({ name: given }) => toast({ text: say('passkey.renamed', { name: given }) }), useFailed())
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const given = name.trim()
    if (given && given !== passkey.name) rename({ id: passkey.id, name: given })
    close()
  }
  return (
    <form className={css.line} onSubmit={submit}>
      <label htmlFor={id}>{say('passkey.name')}</label>
      <div className={css.control}>
        <input
          id={id}
          className={css.input}
          maxLength={LONGEST}
          value={name}
          ref={field => field?.focus()}
          onChange={event => setName(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Escape') close()
          }}
        />
        <Button type="submit" variant="filled">
          {say('save')}
        </Button>
        <Button variant="subtle" onClick={close}>
          {say('cancel')}
        </Button>
      </div>
    </form>
  )
}
