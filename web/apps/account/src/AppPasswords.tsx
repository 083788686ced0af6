// What each device says instead of the passphrase, and how to take it back.
import { Ask, Button, Failure, Icon, Name, Rows, useFormats, useSay, useToast } from '@alcove/ui'
import { useState } from 'react'
import css from './account.module.css'
import { useAppPasswords, useRemoveAppPassword } from './api'
import { useFailed } from './failed'
import { type AppPassword, today } from './model'
import { texts } from './texts'

export function AppPasswords() {
  const say = useSay(texts)
  const toast = useToast()
  const passwords = useAppPasswords()
  const [asking, setAsking] = useState<AppPassword>()
  const remove = useRemoveAppPassword(gone => toast({ text: say('password.removed', { name: gone.name }) }), useFailed())
  if (passwords.isPending) return <Rows count={1} />
  if (!passwords.data) return <Failure error={passwords.error} again={() => void passwords.refetch()} />
  if (passwords.data.length === 0) return <p className="muted small">{say('passwords.none')}</p>
  return (
    <>
      <ul className={css.devices}>
        {passwords.data.map(password => (
          <Row key={password.id} password={password} remove={() => setAsking(password)} />
        ))}
      </ul>
      <Ask opened={asking !== undefined} title={say('password.remove.title')} act={say('password.remove')} go={() => asking && remove(asking)} close={() => setAsking(undefined)}>
        {say('password.remove.more', { name: asking?.name ?? '' })}
      </Ask>
    </>
  )
}

function Row({ password, remove }: { password: AppPassword; remove: () => void }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { name, since, used } = password
  const seen = used === '' ? say('password.unused') : today(used) ? say('password.today') : say('password.used', { ago: formats.ago(used) })
  return (
    <li>
      <Icon name="lock" />
      <div>
        <b>
          <Name of={name} />
        </b>
        <div className="small muted">{[say('password.since', { ago: formats.ago(since) }), seen].join(' · ')}</div>
      </div>
      <Button variant="subtle" onClick={remove} aria-label={say('password.remove.name', { name })}>
        {say('password.remove')}
      </Button>
    </li>
  )
}
