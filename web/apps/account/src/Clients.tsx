// The devices and programs that are connected to the place, and how to disconnect one.
import { Unreachable } from '@alcove/client'
import { Button, Failure, Icon, Modal, Name, Rows, useFormats, useSay, useToast } from '@alcove/ui'
import { useState } from 'react'
import css from './account.module.css'
import { useClients, useDisconnect } from './api'
import { type Client, today } from './model'
import { texts } from './texts'

export function Clients() {
  const say = useSay(texts)
  const toast = useToast()
  const clients = useClients()
  const [asking, setAsking] = useState<Client>()
  const disconnect = useDisconnect(
    gone => toast({ text: say('client.gone', { name: gone.name }) }),
    error => toast({ text: say(error instanceof Unreachable ? 'away' : 'failed'), bad: true }),
  )
  if (clients.isPending) return <Rows count={1} />
  if (!clients.data) return <Failure error={clients.error} again={() => void clients.refetch()} />
  if (clients.data.length === 0) return <p className="muted small">{say('clients.none')}</p>
  return (
    <>
      <ul className={css.devices}>
        {clients.data.map(client => (
          <Row key={client.id} client={client} disconnect={() => setAsking(client)} />
        ))}
      </ul>
      <Modal opened={asking !== undefined} onClose={() => setAsking(undefined)} title={say('client.title')}>
        <p>{say('client.more', { name: asking?.name ?? '' })}</p>
        <div className={css.acts}>
          <Button
            variant="filled"
            data-autofocus
            onClick={() => {
              if (asking) disconnect(asking)
              setAsking(undefined)
            }}
          >
            {say('client.do')}
          </Button>
          <Button variant="subtle" onClick={() => setAsking(undefined)}>
            {say('cancel')}
          </Button>
        </div>
      </Modal>
    </>
  )
}

function Row({ client, disconnect }: { client: Client; disconnect: () => void }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { name, waits, whole, since, seen } = client
  const facts = [
    since && say(waits ? 'client.asked' : 'client.since', { ago: formats.ago(since) }),
    !waits && (seen === '' ? say('client.unseen') : today(seen) ? say('client.today') : say('client.seen', { ago: formats.ago(seen) })),
    whole && say('client.whole'),
  ]
  return (
    <li>
      <Icon name={client.kind === 'mobile' ? 'phone' : 'screen'} />
      <div>
        <b>
          <Name of={name} />
        </b>{' '}
        {waits && <span className={css.mark}>{say('client.waits')}</span>}
        <div className="small muted">{facts.filter(Boolean).join(' · ')}</div>
      </div>
      <Button variant="subtle" onClick={disconnect} aria-label={say('client.do.name', { name })}>
        {say('client.do')}
      </Button>
    </li>
  )
}
