// The command bar (Ctrl K): everything that the place holds and that can be done here, by typing a part of its name; and
// the page of keys (?).
import { appAddress, useClient } from '@alcove/client'
import { Button, Kbd, Modal } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useId, useMemo, useState } from 'react'
import { type Action, keyName, useAllActions } from './actions'
import css from './bar.module.css'
import { grouped, iconOf, type Kind, plain } from './finding'
import { HitLine, LONGEST, useFound, useOpenHit } from './found'
import { Icon, type IconName } from './icons'
import { useSay } from './language'
import { kindOf, Rows } from './states'
import { texts } from './texts'

const FEW = 4

/** The actions that hold every typed word, those that begin with the first one before the others. */
export function matching(actions: readonly Action[], typed: string): Action[] {
  const asked = plain(typed).split(/\s+/).filter(Boolean)
  const named = actions.filter(action => !action.keyOnly).map(action => ({ action, name: plain(`${action.label} ${action.group}`) }))
  const found = named.filter(({ name }) => asked.every(word => name.includes(word)))
  const first = asked[0] ?? ''
  return found.sort((a, b) => Number(b.name.startsWith(first)) - Number(a.name.startsWith(first))).map(({ action }) => action)
}

/** A line of the bar. */
interface Line {
  id: string
  icon: IconName
  content: ReactNode
  /** Leaves the bar open. */
  stays?: boolean
  run: () => void
}

interface Group {
  id: string
  title?: string
  lines: Line[]
}

function lineOf(action: Action): Line {
  const { id, icon = 'right', label, group, keys, run } = action
  const content = (
    <>
      <span>{label}</span>
      <span className={css.group}>{group}</span>
      {keys?.[0] && <Kbd>{keyName(keys[0])}</Kbd>}
    </>
  )
  return { id, icon, content, run }
}

/** The lines for what was typed: what can be done first, then what the place holds by kind, then where else to look. */
function useLines(typed: string, asked: ((typed: string) => Action[]) | undefined) {
  const say = useSay(texts)
  const { page } = useClient()
  const all = useAllActions()
  const open = useOpenHit()
  const [wide, setWide] = useState<Kind>()
  const found = useFound(typed, wide)
  const text = typed.trim()
  const actions = useMemo(() => {
    const [apps, others] = [all.filter(one => one.id.startsWith('app:')), all.filter(one => !one.id.startsWith('app:'))]
    const fit = matching([...others, ...apps], typed).map(lineOf)
    return text && !wide ? fit.slice(0, FEW) : wide ? [] : fit
  }, [all, typed, text, wide])
  const groups: Group[] = actions.length ? [{ id: 'actions', lines: actions }] : []
  if (text && found.data) {
    const known = new Set([page.app.slug, ...all.filter(one => one.id.startsWith('app:')).map(one => one.id.slice(4))])
    for (const [kind, hits] of grouped(found.data.data, known)) {
      const lines: Line[] = hits.map(hit => ({
        id: `${kind}:${hit.id}`,
        icon: iconOf(hit),
        content: <HitLine hit={hit} typed={typed} />,
        run: () => open(hit),
      }))
      if (found.data.meta.more.includes(kind) && !wide) {
        lines.push({ id: `more:${kind}`, icon: 'down', content: <span className={css.more}>{say(`found.more.${kind}`)}</span>, stays: true, run: () => setWide(kind) })
      }
      groups.push({ id: kind, title: say(`found.${kind}`), lines })
    }
  }
  if (text && !wide) {
    const lines = (asked?.(text) ?? []).map(lineOf)
    if (page.app.slug !== 'place') {
      // This app finds what it may read; Home may read a bit of everything.
      const address = appAddress(page, 'place', window.location.protocol, `?${new URLSearchParams({ find: text })}`)
      lines.push({ id: 'everywhere', icon: 'home', content: <span>{say('found.everywhere', { text })}</span>, run: () => window.location.assign(address) })
    }
    if (lines.length) groups.push({ id: 'elsewhere', lines })
  }
  return { groups, found, narrow: () => setWide(undefined), hits: found.data && text ? found.data.data.length : 0 }
}

/** Milliseconds after which a closed dialog has given the focus back for sure. */
const GIVEN_BACK = 50

/** Typing narrows, arrows choose, Enter does. `asked` makes more of what was typed: a search in the page's own data. */
function Bar({ close, asked, begun }: { close: () => void; asked: ((typed: string) => Action[]) | undefined; begun: string }) {
  const say = useSay(texts)
  const id = useId()
  const [typed, setTyped] = useState(begun)
  const [at, setAt] = useState<string>()
  const { groups, found, narrow, hits } = useLines(typed, asked)
  const lines = groups.flatMap(group => group.lines)
  // By its name and not by its place: what is chosen stays chosen when hits come in above it.
  const chosen = Math.max(0, lines.findIndex(line => line.id === at))
  const optionOf = (line: Line | undefined) => (line ? `${id}${line.id}` : undefined)
  const run = (line: Line | undefined) => {
    if (!line) return
    setAt(undefined)
    if (line.stays) return line.run()
    close()
    // After the dialog has given the focus back, which it does a moment after it closed: an action may want to place it.
    setTimeout(line.run, GIVEN_BACK)
  }
  const press = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }
    const step = steps[event.key]
    if (event.nativeEvent.isComposing) return
    if (step && lines.length) {
      event.preventDefault()
      const next = lines[(chosen + step + lines.length) % lines.length]
      setAt(next?.id)
      document.getElementById(optionOf(next) ?? '')?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(lines[chosen])
    }
  }
  const text = typed.trim()
  // A page that may read nothing of what can be found says so by what it offers: to look from Home.
  const failed = found.isError && kindOf(found.error) !== 'forbidden' && text !== ''
  const loading = found.pending && !found.data && !failed
  const nothing = !found.pending && hits === 0 && text !== '' && !failed
  const state = loading ? '' : nothing ? say('bar.none', { text }) : text && hits ? say('found.count', { count: hits }) : ''
  return (
    <>
      <label className={css.field}>
        <Icon name="search" />
        <span className="unseen">{say('bar.title')}</span>
        <input
          data-autofocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}list`}
          aria-activedescendant={optionOf(lines[chosen])}
          autoComplete="off"
          autoCapitalize="off"
          enterKeyHint="go"
          spellCheck={false}
          maxLength={LONGEST}
          placeholder={say('bar.hint')}
          value={typed}
          onChange={event => {
            setTyped(event.target.value)
            setAt(undefined)
            narrow()
          }}
          onKeyDown={press}
        />
        <span className={css.busy} data-on={found.pending || undefined} />
      </label>
      <p className="unseen" role="status">
        {state}
      </p>
      <div className={css.found} role="listbox" id={`${id}list`} aria-label={say('bar.title')} aria-busy={found.pending}>
        {groups.map(group => (
          <div key={group.id} role="group" aria-labelledby={group.title && `${id}${group.id}title`} className={css.kind}>
            {group.title && (
              <div className={css.title} id={`${id}${group.id}title`} role="presentation">
                {group.title}
              </div>
            )}
            {group.lines.map(line => (
              <div
                key={line.id}
                id={optionOf(line)}
                role="option"
                aria-selected={line === lines[chosen]}
                className={css.action}
                onMouseMove={() => setAt(line.id)}
                onClick={() => run(line)}
              >
                <Icon name={line.icon} />
                {line.content}
              </div>
            ))}
          </div>
        ))}
      </div>
      {loading && (
        <div className={css.loading}>
          <Rows count={2} />
        </div>
      )}
      {failed && (
        <div className={css.none} role="alert">
          <p>{say('found.failed', { why: say(`error.${kindOf(found.error)}`) })}</p>
          <Button size="xs" onClick={() => void found.refetch()}>
            {say('again')}
          </Button>
        </div>
      )}
      {nothing && (
        <p className={css.none}>
          {say('bar.none', { text })}
          <span>{say('found.none.more')}</span>
        </p>
      )}
      {found.data && !found.data.meta.complete && text && <p className={css.none}>{say('found.making')}</p>}
    </>
  )
}

export interface BarProps {
  opened: boolean
  close: () => void
  asked?: ((typed: string) => Action[]) | undefined
  /** What is typed already when it opens. */
  begun?: string
}

export function CommandBar({ opened, close, asked, begun = '' }: BarProps) {
  const say = useSay(texts)
  return (
    <Modal
      opened={opened}
      onClose={close}
      withCloseButton={false}
      centered={false}
      yOffset="12vh"
      padding={0}
      size={620}
      title={say('bar.title')}
      classNames={{ header: 'unseen' }}
    >
      <Bar close={close} asked={asked} begun={begun} />
    </Modal>
  )
}

export function KeysPage({ opened, close }: { opened: boolean; close: () => void }) {
  const say = useSay(texts)
  const all = useAllActions().filter(action => action.keys?.length)
  const groups = Map.groupBy(all, action => action.group)
  return (
    <Modal opened={opened} onClose={close} title={say('keys.title')} size={520} closeButtonProps={{ 'aria-label': say('close') }}>
      {[...groups].map(([group, actions]) => (
        <section key={group} className={css.keys}>
          <h2>{group}</h2>
          <dl>
            {actions.map(action => (
              <div key={action.id}>
                <dt>{action.label}</dt>
                <dd>{action.keys?.map(key => <Kbd key={key}>{keyName(key)}</Kbd>)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  )
}
