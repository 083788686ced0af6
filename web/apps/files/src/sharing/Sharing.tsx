// Sharing by link: the links that open something, who opened them, and a new one.
import { Button, Failure, Icon, Modal, Rows, useFormats, useSay, useToast, visible } from '@alcove/ui'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { Entry } from '../model'
import { addressOf, type Level, type Link, useLinks, useLinkVerbs, useVisits, type Visit, type Wish } from './links'
import css from './sharing.module.css'
import { texts } from './texts'

const EMPTY: Wish = { level: 'read', password: '', until: '' }
const LEVELS: readonly Level[] = ['read', 'change', 'drop']

export default function Sharing({ entry, close }: { entry: Pick<Entry, 'id' | 'name' | 'folder'>; close: () => void }) {
  const say = useSay(texts)
  const links = useLinks()
  const own = (links.data ?? []).filter(link => link.ids.includes(entry.id))
  return (
    <Modal opened onClose={close} title={say('share.title', { name: visible(entry.name) })} size={600} closeButtonProps={{ 'aria-label': say('cancel') }}>
      {links.isPending ? (
        <Rows count={2} />
      ) : links.isError ? (
        <Failure error={links.error} again={() => void links.refetch()} />
      ) : (
        <>
          {own.length > 0 && (
            <ul className={css.links}>
              {own.map(link => (
                <Line key={link.id} link={link} />
              ))}
            </ul>
          )}
          <NewLink entry={entry} first={own.length === 0} />
        </>
      )}
    </Modal>
  )
}

/** Does something, and tells when it did not work. */
function useDoing(): [boolean, (does: () => Promise<void>, done?: string) => Promise<boolean>] {
  const say = useSay(texts)
  const toast = useToast()
  const [busy, setBusy] = useState(false)
  const act = async (does: () => Promise<void>, done?: string) => {
    setBusy(true)
    try {
      await does()
      if (done) toast({ text: done })
      return true
    } catch (error) {
      toast({ text: say('failed', { reason: error instanceof Error ? error.message : String(error) }), bad: true })
      return false
    } finally {
      setBusy(false)
    }
  }
  return [busy, act]
}

function NewLink({ entry, first }: { entry: Pick<Entry, 'id' | 'name' | 'folder'>; first: boolean }) {
  const say = useSay(texts)
  const { make } = useLinkVerbs()
  const [wish, setWish] = useState(EMPTY)
  const [busy, act] = useDoing()
  const send = (event: FormEvent) => {
    event.preventDefault()
    void act(() => make(entry, wish)).then(done => done && setWish(EMPTY))
  }
  return (
    <form className={css.form} onSubmit={send}>
      <h3>{say('share.new')}</h3>
      {first && <p className="muted small">{say('share.more')}</p>}
      {entry.folder && (
        <fieldset className={css.levels}>
          <legend className="small muted">{say('level')}</legend>
          {LEVELS.map(level => (
            <label key={level}>
              <input type="radio" name="level" checked={wish.level === level} onChange={() => setWish({ ...wish, level })} />
              {say(`level.${level}`)}
            </label>
          ))}
        </fieldset>
      )}
      <Guards wish={wish} change={setWish} />
      <div className={css.acts}>
        <Button type="submit" variant="filled" leftSection={<Icon name="link" />} disabled={busy}>
          {say(busy ? 'making' : 'make')}
        </Button>
      </div>
    </form>
  )
}

/** What protects a link: a password and an end. */
function Guards({ wish, change }: { wish: Wish; change: (wish: Wish) => void }) {
  const say = useSay(texts)
  const today = new Date()
  const least = `${today.getFullYear()}-${String(today.getMonth() + 1).padStart(2, '0')}-${String(today.getDate()).padStart(2, '0')}`
  return (
    <div className={css.guards}>
      <label>
        <span className="small muted">{say('password')}</span>
        <input type="text" autoComplete="off" autoCapitalize="off" spellCheck={false} maxLength={200} value={wish.password} placeholder={say('password.none')} onChange={event => change({ ...wish, password: event.target.value })} />
      </label>
      <label>
        <span className="small muted">{say('until')}</span>
        <input type="date" min={least} value={wish.until} onChange={event => change({ ...wish, until: event.target.value })} />
      </label>
      {wish.password && <p className="muted small">{say('password.more')}</p>}
    </div>
  )
}

function Line({ link }: { link: Link }) {
  const say = useSay(texts)
  const formats = useFormats()
  const verbs = useLinkVerbs()
  const toast = useToast()
  const [part, setPart] = useState<'change' | 'visits' | 'revoke'>()
  const [busy, act] = useDoing()
  const visits = useVisits(link, true)
  const over = link.ends !== undefined && Date.parse(link.ends) < Date.now()
  const address = addressOf(link)
  const turn = (to: typeof part) => setPart(part === to ? undefined : to)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(address)
      toast({ text: say('copied') })
    } catch {
      toast({ text: say('copy.failed'), bad: true })
    }
  }
  const last = visits.data?.visits[0]
  const facts = [
    say(link.locked ? 'password.set' : 'password.none'),
    link.ends ? say(over ? 'until.over' : 'until.day', { day: formats.shortDay(dayOf(link.ends)) }) : say('until.never'),
    visits.data && (visits.data.total ? say('visits.count', { count: visits.data.total }) : say('visits.none')),
    last && say('visits.last', { when: formats.moment(last.at) }),
  ]
  return (
    <li data-over={over || undefined}>
      <b>{say(`level.${link.level}`)}</b>
      <p className="small muted num">{facts.filter(Boolean).join(' · ')}</p>
      <div className={css.address}>
        <input readOnly aria-label={say('link')} value={address} onFocus={event => event.target.select()} />
        <Button onClick={() => void copy()} leftSection={<Icon name="copy" size={16} />}>
          {say('copy')}
        </Button>
      </div>
      <div className={css.acts}>
        {(visits.data?.total ?? 0) > 0 && (
          <Button variant="subtle" aria-expanded={part === 'visits'} onClick={() => turn('visits')}>
            {say(part === 'visits' ? 'visits.hide' : 'visits.show')}
          </Button>
        )}
        <Button variant="subtle" aria-expanded={part === 'change'} onClick={() => turn('change')}>
          {say('change')}
        </Button>
        <Button variant="subtle" aria-expanded={part === 'revoke'} onClick={() => turn('revoke')}>
          {say('revoke')}
        </Button>
      </div>
      {part === 'visits' && visits.data && <Visits visits={visits.data.visits} />}
      {part === 'change' && <Change link={link} close={() => setPart(undefined)} />}
      {part === 'revoke' && (
        <Part>
          <p>{say('revoke.sure')}</p>
          <div className={css.acts}>
            <Button onClick={() => setPart(undefined)}>{say('cancel')}</Button>
            <Button variant="filled" color="red" disabled={busy} onClick={() => void act(() => verbs.revoke(link), say('revoked'))}>
              {say('revoke.do')}
            </Button>
          </div>
        </Part>
      )}
    </li>
  )
}

const Part = ({ children }: { children: ReactNode }) => <div className={css.part}>{children}</div>

/** The local day of a moment. */
function dayOf(iso: string): string {
  const date = new Date(iso)
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`
}

function Change({ link, close }: { link: Link; close: () => void }) {
  const say = useSay(texts)
  const { change } = useLinkVerbs()
  const [busy, act] = useDoing()
  const [wish, setWish] = useState<Wish>({ level: link.level, password: '', until: link.ends ? dayOf(link.ends) : '' })
  const [bare, setBare] = useState(false)
  const send = (event: FormEvent) => {
    event.preventDefault()
    const password = bare ? { password: '' } : wish.password ? { password: wish.password } : {}
    const ends = wish.until ? new Date(`${wish.until}T23:59:59`).toISOString() : ''
    void act(() => change(link, { ...password, expires_at: ends })).then(done => done && close())
  }
  return (
    <form className={css.part} onSubmit={send}>
      <Guards wish={wish} change={setWish} />
      {link.locked && (
        <label className={css.bare}>
          <input type="checkbox" checked={bare} onChange={event => setBare(event.target.checked)} />
          {say('password.remove')}
        </label>
      )}
      <div className={css.acts}>
        <Button onClick={close}>{say('cancel')}</Button>
        <Button type="submit" variant="filled" disabled={busy}>
          {say('save')}
        </Button>
      </div>
    </form>
  )
}

function Visits({ visits }: { visits: readonly Visit[] }) {
  const say = useSay(texts)
  const formats = useFormats()
  return (
    <Part>
      <p className="small muted">{say('visits.more')}</p>
      <ul className={css.visits}>
        {visits.map(({ at, browser, system, count }) => (
          <li key={`${at}${browser}${system}`}>
            <span>{browser && system ? say('visit.device', { browser, system }) : browser || system || say('visit.unknown')}</span>
            <span className="small muted num">{[formats.moment(at), count > 1 && say('visit.times', { count })].filter(Boolean).join(' · ')}</span>
          </li>
        ))}
      </ul>
    </Part>
  )
}
