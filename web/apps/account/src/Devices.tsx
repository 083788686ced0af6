// Where the person is signed in, and how to sign out there.
import { useClient } from '@alcove/client'
import { Ask, Button, Failure, Icon, Rows, useFormats, useSay, useToast } from '@alcove/ui'
import { useState } from 'react'
import css from './account.module.css'
import { useDevices, useSignOut } from './api'
import { useFailed } from './failed'
import { type Device, today } from './model'
import { texts } from './texts'

/** "Firefox on Linux", as far as it is known. */
function useDeviceName(): (device: Device) => string {
  const say = useSay(texts)
  return ({ browser, os }) => {
    if (browser && os) return say('device.name', { browser, os })
    return browser || os || say('device.unknown')
  }
}

export function Devices() {
  const say = useSay(texts)
  const nameOf = useDeviceName()
  const toast = useToast()
  const devices = useDevices()
  const [asking, setAsking] = useState(false)
  const signOut = useSignOut(
    gone => toast({ text: gone.length === 1 && gone[0] ? say('device.done', { name: nameOf(gone[0]) }) : say('devices.done') }),
    useFailed(),
  )
  if (devices.isPending) return <Rows count={2} />
  if (!devices.data) return <Failure error={devices.error} again={() => void devices.refetch()} />
  const others = devices.data.filter(device => !device.current)
  return (
    <>
      <ul className={css.devices}>
        {devices.data.map(device => (
          <DeviceRow key={device.id} device={device} leave={device.current ? undefined : () => signOut([device])} />
        ))}
      </ul>
      {others.length > 0 ? (
        <Button onClick={() => setAsking(true)}>{say('devices.all')}</Button>
      ) : (
        <p className="muted small">{say('devices.alone')}</p>
      )}
      <Ask opened={asking} title={say('devices.all.title')} act={say('devices.all.do')} go={() => signOut(others)} close={() => setAsking(false)}>
        {say('devices.all.more', { count: others.length })}
      </Ask>
    </>
  )
}

function DeviceRow({ device, leave }: { device: Device; leave: (() => void) | undefined }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { door, page } = useClient()
  const name = useDeviceName()(device)
  const seen = device.current ? say('device.now') : today(device.seen) ? say('device.today') : say('device.seen', { ago: formats.ago(device.seen) })
  const since = say('device.since', { ago: formats.ago(device.since) })
  const leaveHere = () => {
    const away = () => window.location.assign(`${window.location.protocol}//${page.domain}/auth/login`)
    void door.send('DELETE', '/auth/login').then(away, away)
  }
  return (
    <li>
      <Icon name={/^(iPhone|iPad|Android)$/.test(device.os) ? 'phone' : 'screen'} />
      <div>
        <b>{name}</b> {device.current && <span className={css.mark}>{say('device.this')}</span>}
        <div className="small muted">{[since, seen, device.address && say('device.from', { address: device.address })].filter(Boolean).join(' · ')}</div>
      </div>
      <Button variant="subtle" onClick={leave ?? leaveHere} aria-label={say('device.leave.name', { name })}>
        {say('device.leave')}
      </Button>
    </li>
  )
}
