// The devices and programs that are connected to the place, and how to disconnect one.
import { Ask, Button, Failure, Icon, Name, Rows, useFormats, useSay, useToast } from '@alcove/ui'
import { useState } from 'react'
import css from './account.module.css'
import { type Backup, useBackups, useClients, useDisconnect } from './api'
import { useFailed } from './failed'
import { type Client, today } from './model'
import { texts } from './texts'

export function Clients() {
  const say = useSay(texts)
  const toast = useToast()
  const clients = useClients()
  const backups = useBackups()
  const [asking, setAsking] = useState<Client>()
  const disconnect = useDisconnect(gone => toast({ text: say('client.gone', { name: gone.name }) }), useFailed())
  if (clients.isPending) return <Rows count={1} />
  if (!clients.data) return <Failure error={clients.error} again={() => void clients.refetch()} />
  if (clients.data.length === 0) return <p className="muted small">{say('clients.none')}</p>
  return (
    <>
      <ul className={css.devices}>
        {clients.data.map(client => (
          <Row key={client.id} client={client} backup={backups.data?.get(client.id)} disconnect={() => setAsking(client)} />
        ))}
      </ul>
      <Ask opened={asking !== undefined} title={say('client.title')} act={say('client.do')} go={() => asking && disconnect(asking)} close={() => setAsking(undefined)}>
        {say('client.more', { name: asking?.name ?? '' })}
      </Ask>
    </>
  )
}

function Row({ client, backup, disconnect }: { client: Client; backup: Backup | undefined; disconnect: () => void }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { name, whole, since, seen } = client
  const facts = [
    since && say('client.since', { ago: formats.ago(since) }),
    seen === '' ? say('client.unseen') : today(seen) ? say('client.today') : say('client.seen', { ago: formats.ago(seen) }),
    whole && say('client.whole'),
  ]
  return (
    <li>
      <Icon name={client.kind === 'mobile' ? 'phone' : 'screen'} />
      <div>
        <b>
          <Name of={name} />
        </b>
        <div className="small muted">{facts.filter(Boolean).join(' · ')}</div>
        {backup && <BackupLine backup={backup} />}
      </div>
      <Button variant="subtle" onClick={disconnect} aria-label={say('client.do.name', { name })}>
        {say('client.do')}
      </Button>
    </li>
  )
}

/** When a device last had all of its files here, and what it left behind when it tried since. */
function BackupLine({ backup: { at, files = 0, failed = 0 } }: { backup: Backup }) {
  const say = useSay(texts)
  const formats = useFormats()
  const whole = at ? say('backup.whole', { ago: formats.ago(at) }) : say('backup.never')
  const rest = failed ? say('backup.failed', { count: failed }) : at ? say('backup.files', { count: files }) : ''
  return (
    <div className="small muted num">
      <Icon name={failed || !at ? 'warn' : 'check'} size={14} /> {[whole, rest].filter(Boolean).join(' · ')}
    </div>
  )
}
