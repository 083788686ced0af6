// What is being sent, on a panel of its own: how far, how fast, what failed and why, and the question where a name is
// taken. Any app takes it by putting `UploadsProvider` around its page and adding to `useUploads()`.
import { Button, CloseButton, Menu, Modal } from '@mantine/core'
import { type Placed, Refused, type Snapshot, type Target, type Unfinished, type Upload, Uploads, useClient } from '@alcove/client'
import { useVirtualizer } from '@tanstack/react-virtual'
import { createContext, type ReactNode, use, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { Icon, type IconName } from './icons'
import { useFormats, useSay } from './language'
import { Name, visible } from './names'
import { pick } from './picking'
import { kindOf, technical } from './states'
import { texts } from './texts'
import css from './uploads.module.css'
import { Bar } from './work'
import type { Say } from './words'

const Holder = createContext<Uploads | undefined>(undefined)

type Key = keyof (typeof texts)['en']

/** The queue of uploads of this page. */
export function useUploads(): Uploads {
  const uploads = use(Holder)
  if (!uploads) throw new Error('useUploads needs an UploadsProvider above it')
  return uploads
}

export interface UploadsProps {
  /** Where files go; the person's files unless another place is given. */
  target?: Target
  children: ReactNode
}

/** Holds the queue and shows its panel. */
export function UploadsProvider({ target, children }: UploadsProps) {
  const { files } = useClient()
  const [uploads] = useState(() => new Uploads(target ?? files))
  return (
    <Holder value={uploads}>
      {children}
      <Shown uploads={uploads} />
    </Holder>
  )
}

function Shown({ uploads }: { uploads: Uploads }) {
  const snapshot = useSyncExternalStore(uploads.watch, uploads.snapshot)
  const { waiting, sending, asks } = snapshot.counts
  const busy = waiting + sending + asks > 0
  // Leaving while bytes are under way would lose them: the browser asks first.
  useEffect(() => {
    if (!busy) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [busy])
  if (!snapshot.items.length) return <Left uploads={uploads} />
  return <UploadPanel uploads={uploads} snapshot={snapshot} />
}

/** What this browser began to send and did not end, on an earlier visit: it goes on when it is chosen again. */
function Left({ uploads }: { uploads: Uploads }) {
  const { files } = useClient()
  const say = useSay(texts)
  const formats = useFormats()
  const [left, setLeft] = useState<readonly Unfinished[]>(() => files.pieces.unfinished())
  // What was cut off a moment ago may still be sent by another page: it is looked at again when that must have told.
  useEffect(() => {
    const timer = setTimeout(() => setLeft(files.pieces.unfinished()), 12_000)
    return () => clearTimeout(timer)
  }, [files])
  if (!left.length) return null
  const give = (gone: readonly Unfinished[]) => {
    setLeft(left.filter(one => !gone.includes(one)))
    for (const one of gone) void files.pieces.abandon(one.where).catch(() => undefined)
  }
  const choose = () =>
    void pick().then(tree => {
      const places = new Map<string, Placed[]>()
      for (const placed of tree?.files ?? []) {
        const folder = left.find(one => one.name === placed.file.name && one.size === placed.file.size)?.folder
        if (folder) places.set(folder, [...(places.get(folder) ?? []), placed])
      }
      for (const [id, chosen] of places) uploads.add({ id, name: '' }, { files: chosen, empty: [] })
    })
  return (
    <section className={css.panel} aria-label={say('uploads')} data-open>
      <header className={css.head}>
        <span className={`${css.title} ${css.wraps}`}>
          <b>{say('uploads.unfinished', { count: left.length })}</b>
          <span className="small muted">{say('uploads.unfinished.more')}</span>
        </span>
        <CloseButton aria-label={say('close')} onClick={() => setLeft([])} />
      </header>
      <ul className={css.left}>
        {left.map(one => (
          <li key={one.where} className={css.line} data-state="paused">
            <Icon name="pause" size={16} />
            <div className={css.what}>
              <Name of={one.name} />
              <span className="small muted num">{say('uploads.bytes', { sent: formats.size(one.kept), total: formats.size(one.size) })}</span>
            </div>
            <IconButton icon="cross" label={say('uploads.unfinished.end.one', { name: visible(one.name) })} act={() => give([one])} />
          </li>
        ))}
      </ul>
      <footer className={css.acts}>
        <Button onClick={() => give(left)}>{say('uploads.unfinished.end')}</Button>
        <Button variant="filled" onClick={choose}>
          {say('uploads.unfinished.choose')}
        </Button>
      </footer>
    </section>
  )
}

/** "3 min left", or nothing while it cannot be told. */
export function timeLeft(bytes: number, speed: number | undefined, say: Say<Key>): string {
  if (!speed || bytes <= 0) return ''
  const seconds = bytes / speed
  if (seconds < 60) return say('uploads.soon')
  if (seconds < 3600) return say('uploads.minutes', { count: Math.round(seconds / 60) })
  return say('uploads.hours', { count: Math.round(seconds / 3600) })
}

/** Why an upload failed, in words. */
export function reasonOf(error: Error | undefined, say: Say<Key>): string {
  if (!error) return ''
  const kind = kindOf(error)
  if (kind === 'full') return say(error instanceof Refused && error.status === 507 ? 'uploads.why.disk' : 'uploads.why.quota')
  if (kind === 'session') return say('uploads.why.session')
  if (kind === 'unreachable') return say('uploads.why.broken')
  if (error instanceof Refused && error.status === 404) return say('uploads.why.gone')
  if (error instanceof Refused && error.status === 422) return say('uploads.why.name')
  if (error instanceof Refused) return error.reason
  return say('uploads.why.unread')
}

const ORDER: Record<Upload['state'], number> = { asks: 0, sending: 1, failed: 2, paused: 3, waiting: 4, done: 5, skipped: 5 }

/** Those that matter now before the others; within a state, as they were given. */
export function arranged(items: readonly Upload[]): Upload[] {
  const groups: Upload[][] = [[], [], [], [], [], []]
  for (const item of items) groups[ORDER[item.state]]?.push(item)
  return groups.flat()
}

function UploadPanel({ uploads, snapshot }: { uploads: Uploads; snapshot: Snapshot }) {
  const say = useSay(texts)
  const formats = useFormats()
  const [open, setOpen] = useState(true)
  const [hidden, setHidden] = useState<number>()
  const { counts, items, bytes, sent, speed, away } = snapshot
  const goes = counts.waiting + counts.sending + counts.asks > 0
  const over = counts.done + counts.skipped
  const asked = items.find(item => item.state === 'asks')
  const title = away
    ? say('uploads.away')
    : counts.asks && !counts.sending
      ? say('uploads.asks')
      : goes
        ? say('uploads.title', { count: items.length - over })
        : counts.paused
          ? say('uploads.paused')
          : counts.failed
            ? say('uploads.failed', { count: counts.failed })
            : say('uploads.done', { count: counts.done })
  const detail = [
    goes || counts.paused ? say('uploads.bytes', { sent: formats.size(sent), total: formats.size(bytes) }) : '',
    counts.sending && speed ? say('uploads.speed', { size: formats.size(speed) }) : '',
    counts.sending ? timeLeft(bytes - sent, speed, say) : '',
    !goes && counts.failed && counts.done ? say('uploads.done', { count: counts.done }) : '',
  ].filter(Boolean)
  return (
    <section className={css.panel} aria-label={say('uploads')} data-open={open || undefined}>
      <header className={css.head}>
        <button type="button" className={css.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
          <span className={css.sign} data-open={open || undefined}>
            <Icon name="right" size={16} />
          </span>
          <span className={css.title}>
            <b aria-live="polite">{title}</b>
            <span className="small muted num">{detail.join(' · ')}</span>
          </span>
        </button>
        {away && <Button onClick={() => uploads.reach()}>{say('again')}</Button>}
        {goes && <IconButton icon="pause" label={say('uploads.pause.all')} act={() => uploads.hold()} />}
        {!goes && counts.paused > 0 && <IconButton icon="play" label={say('uploads.resume.all')} act={() => uploads.resume()} />}
        {counts.failed > 0 && !goes && <Button onClick={() => uploads.retry()}>{say('again')}</Button>}
        <Close uploads={uploads} running={goes || counts.paused > 0} />
      </header>
      {(goes || counts.paused > 0) && (
        <div className={css.total}>
          <Bar share={bytes ? sent / bytes : over / items.length} label={title} />
        </div>
      )}
      {open && <Items uploads={uploads} snapshot={snapshot} choose={() => setHidden(undefined)} />}
      {asked && asked.id !== hidden && <Question key={asked.id} item={asked} uploads={uploads} others={counts.waiting + counts.asks - 1} close={() => setHidden(asked.id)} />}
    </section>
  )
}

/** Closing ends what runs: it is asked in place, on a menu. */
function Close({ uploads, running }: { uploads: Uploads; running: boolean }) {
  const say = useSay(texts)
  const close = () => {
    uploads.cancel()
    uploads.clear()
  }
  if (!running) return <CloseButton aria-label={say('close')} onClick={close} />
  return (
    <Menu position="top-end" shadow="md">
      <Menu.Target>
        <CloseButton aria-label={say('uploads.cancel.all')} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="cross" size={16} />} onClick={() => uploads.cancel()}>
          {say('uploads.cancel.all')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function IconButton({ icon, label, act }: { icon: IconName; label: string; act: () => void }) {
  return (
    <button type="button" className={css.icon} aria-label={label} title={label} onClick={act}>
      <Icon name={icon} size={16} />
    </button>
  )
}

const ROW = 48
const HIGHEST = 6 * ROW

function Items({ uploads, snapshot, choose }: { uploads: Uploads; snapshot: Snapshot; choose: () => void }) {
  const say = useSay(texts)
  const scroller = useRef<HTMLDivElement>(null)
  const items = useMemo(() => arranged(snapshot.items), [snapshot])
  const virtual = useVirtualizer({ count: items.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 4 })
  return (
    <div ref={scroller} className={css.items} style={{ height: Math.min(items.length * ROW, HIGHEST) }} tabIndex={0} role="group" aria-label={say('uploads.list')}>
      <ul style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(row => {
          const item = items[row.index]
          return item && (
            <li key={item.id} style={{ transform: `translateY(${row.start}px)` }} aria-setsize={items.length} aria-posinset={row.index + 1}>
              <Line item={item} state={item.state} sent={item.sent} uploads={uploads} choose={choose} />
            </li>
          )
        })}
      </ul>
    </div>
  )
}

const SIGNS: Record<Upload['state'], IconName> = {
  waiting: 'clock', sending: 'upload', asks: 'warn', paused: 'pause', done: 'check', failed: 'warn', skipped: 'skip',
}

function Line({ item, state, sent, uploads, choose }: { item: Upload; state: Upload['state']; sent: number; uploads: Uploads; choose: () => void }) {
  const say = useSay(texts)
  const formats = useFormats()
  const name = visible(item.name)
  const where = item.path.length ? visible(item.path.join('/')) : ''
  const said: Record<Upload['state'], string> = {
    waiting: say('uploads.waiting'),
    sending: say('uploads.bytes', { sent: formats.size(sent), total: formats.size(item.size) }),
    asks: say('uploads.asks.one'),
    paused: item.where ? say('uploads.paused.kept', { sent: formats.size(sent), total: formats.size(item.size) }) : say('uploads.paused.one'),
    done: item.copied ? say('uploads.copied') : item.file ? formats.size(item.size) : say('uploads.folder'),
    failed: reasonOf(item.error, say),
    skipped: say(item.same ? 'uploads.same' : 'uploads.skipped'),
  }
  return (
    <div className={css.line} data-state={state} title={state === 'failed' ? technical(item.error) : undefined}>
      <Icon name={SIGNS[state]} size={16} />
      <div className={css.what}>
        <Name of={item.name} />
        <span className={`small muted num ${css.said}`}>{[said[state], where].filter(Boolean).join(' · ')}</span>
        {state === 'sending' && <Bar share={item.size ? sent / item.size : undefined} label={name} />}
      </div>
      {state === 'asks' && <Button onClick={choose}>{say('uploads.choose')}</Button>}
      {(state === 'sending' || state === 'waiting') && <IconButton icon="pause" label={say('uploads.pause', { name })} act={() => uploads.hold(item.id)} />}
      {state === 'paused' && <IconButton icon="play" label={say('uploads.resume', { name })} act={() => uploads.resume(item.id)} />}
      {state === 'failed' && <IconButton icon="again" label={say('uploads.retry', { name })} act={() => uploads.retry(item.id)} />}
      {state !== 'done' && state !== 'skipped' && (
        <IconButton icon="cross" label={say('uploads.cancel', { name })} act={() => uploads.cancel(item.id)} />
      )}
    </div>
  )
}

/** Something of that name is there: both, the new one in its place, or neither. */
function Question({ item, uploads, others, close }: { item: Upload; uploads: Uploads; others: number; close: () => void }) {
  const say = useSay(texts)
  const [all, setAll] = useState(false)
  const folder = item.taken?.kind === 'directory'
  const answer = (choice: 'both' | 'replace' | 'skip') => uploads.answer(item.id, choice, all)
  return (
    <Modal opened onClose={close} title={say(folder ? 'clash.title.folder' : 'clash.title')} size={460} closeButtonProps={{ 'aria-label': say('close') }}>
      <p className={css.clash}>
        <b>
          <bdi>{visible(item.name)}</bdi>
        </b>{' '}
        <span className="muted">{say('clash.where', { folder: visible(item.path.at(-1) ?? item.place.name) })}</span>
      </p>
      <div className={css.choices}>
        <Button data-autofocus variant="filled" onClick={() => answer('both')}>
          {say('clash.both')}
        </Button>
        {!folder && <Button onClick={() => answer('replace')}>{say('clash.replace')}</Button>}
        <Button onClick={() => answer('skip')}>{say('clash.skip')}</Button>
      </div>
      {!folder && <p className="small muted">{say('clash.replace.more')}</p>}
      {others > 0 && (
        <label className={css.all}>
          <input type="checkbox" checked={all} onChange={event => setAll(event.target.checked)} />
          {say('clash.all')}
        </label>
      )}
    </Modal>
  )
}
