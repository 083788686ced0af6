// What is asked: where to move or copy to, how a new folder is called, and whether something goes for ever.
import { ROOT } from '@alcove/client'
import { Button, Failure, Icon, Modal, Rows, useSay, visible } from '@alcove/ui'
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { type Step, useFolders } from './api'
import css from './files.module.css'
import { type Entry, wrongName } from './model'
import { texts } from './texts'
import type { Where } from './verbs'

interface TreeProps {
  /** The way to the folder that is open at first. */
  trail: readonly Step[]
  /** Folders that cannot be chosen, nor what is in them. */
  not: ReadonlySet<string>
  chosen: Where
  choose: (folder: Where) => void
}

interface Line {
  id: string
  name: string
  depth: number
}

/** A folder and, when it is open, those in it. Read as they are opened. */
function Branch({ line, open, toggle, not, chosen, choose }: { line: Line; open: ReadonlySet<string>; toggle: (id: string, to: boolean) => void } & Omit<TreeProps, 'trail'>) {
  const say = useSay(texts)
  const opened = open.has(line.id)
  const folders = useFolders(line.id, opened)
  const name = line.id === ROOT ? say('root') : visible(line.name)
  const own = useRef<HTMLDivElement>(null)
  const here = chosen.id === line.id
  useEffect(() => {
    if (here) own.current?.scrollIntoView({ block: 'nearest' })
  }, [here])
  return (
    <li role="none">
      <div
        ref={own}
        id={`folder-${line.id}`}
        role="treeitem"
        aria-level={line.depth + 1}
        aria-expanded={opened}
        aria-selected={here}
        className={css.branch}
        style={{ paddingInlineStart: 8 + line.depth * 18 }}
        onClick={() => choose({ id: line.id, name })}
        onDoubleClick={() => toggle(line.id, !opened)}
      >
        <span
          className={css.twist}
          data-open={opened || undefined}
          onClick={event => {
            event.stopPropagation()
            toggle(line.id, !opened)
          }}
        >
          <Icon name="right" size={14} />
        </span>
        <Icon name="folder" />
        <bdi className={css.cut}>{name}</bdi>
      </div>
      {opened && folders.data && folders.data.length > 0 && (
        <ul role="group">
          {folders.data.filter(one => !not.has(one.id)).map(one => (
            <Branch key={one.id} line={{ id: one.id, name: one.name, depth: line.depth + 1 }} open={open} toggle={toggle} not={not} chosen={chosen} choose={choose} />
          ))}
        </ul>
      )}
      {opened && folders.data?.length === 0 && line.id !== ROOT && <p className={`small muted ${css.leaf}`} style={{ paddingInlineStart: 30 + (line.depth + 1) * 18 }}>{say('tree.none')}</p>}
      {opened && folders.isPending && <Rows count={1} />}
      {opened && folders.isError && <Failure error={folders.error} again={() => void folders.refetch()} />}
    </li>
  )
}

function Tree({ trail, not, chosen, choose }: TreeProps) {
  const say = useSay(texts)
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set([ROOT, ...trail.map(step => step.id)]))
  const box = useRef<HTMLDivElement>(null)
  const toggle = (id: string, to: boolean) =>
    setOpen(now => {
      const next = new Set(now)
      if (to) next.add(id)
      else next.delete(id)
      return next
    })
  const press = (event: KeyboardEvent) => {
    const items = [...(box.current?.querySelectorAll<HTMLElement>('[role=treeitem]') ?? [])]
    const at = items.findIndex(item => item.id === `folder-${chosen.id}`)
    const to = (item: HTMLElement | undefined) => item?.click()
    if (event.key === 'ArrowDown') to(items[at + 1])
    else if (event.key === 'ArrowUp') to(items[at - 1])
    else if (event.key === 'Home') to(items[0])
    else if (event.key === 'End') to(items.at(-1))
    else if (event.key === 'ArrowRight') toggle(chosen.id, true)
    else if (event.key === 'ArrowLeft') {
      if (open.has(chosen.id)) toggle(chosen.id, false)
      else to(items[at]?.parentElement?.parentElement?.closest('li')?.querySelector<HTMLElement>('[role=treeitem]') ?? undefined)
    } else return
    event.preventDefault()
  }
  return (
    <div ref={box} role="tree" tabIndex={0} data-autofocus aria-label={say('tree')} aria-activedescendant={`folder-${chosen.id}`} className={css.tree} onKeyDown={press}>
      <ul role="none">
        <Branch line={{ id: ROOT, name: '', depth: 0 }} open={open} toggle={toggle} not={not} chosen={chosen} choose={choose} />
      </ul>
    </div>
  )
}

export interface Asked {
  verb: 'move' | 'copy'
  entries: readonly Entry[]
}

/** Where to: the twin of dragging. */
export function WhereDialog({ asked, trail, close, go, make }: { asked: Asked; trail: readonly Step[]; close: () => void; go: (to: Where) => void; make: (parent: string, name: string) => Promise<Entry> }) {
  const say = useSay(texts)
  const last = trail.at(-1)
  const [chosen, setChosen] = useState<Where>({ id: last?.id ?? ROOT, name: last?.name ? visible(last.name) : say('root') })
  const [making, setMaking] = useState(false)
  const [only] = asked.entries
  const name = visible(only?.name ?? '')
  const count = asked.entries.length
  const not = new Set(asked.verb === 'move' ? asked.entries.map(entry => entry.id) : [])
  const stays = asked.verb === 'move' && asked.entries.every(entry => entry.parent === chosen.id)
  return (
    <Modal opened onClose={close} size={480} title={say(`${asked.verb}.title`, { count, name })} closeButtonProps={{ 'aria-label': say('close') }}>
      <form
        onSubmit={event => {
          event.preventDefault()
          if (!stays) go(chosen)
        }}
        onKeyDown={event => {
          if (event.key === 'Enter' && (event.target as HTMLElement).role === 'tree' && !stays) go(chosen)
        }}
      >
        <Tree trail={trail} not={not} chosen={chosen} choose={setChosen} />
        <div className={css.dialogFoot}>
          <Button variant="subtle" leftSection={<Icon name="newFolder" />} onClick={() => setMaking(true)}>
            {say('new.folder')}
          </Button>
          <span className={css.spread} />
          <Button type="submit" variant="filled" disabled={stays}>
            <span className={css.cut}>{say(`${asked.verb}.here`, { folder: chosen.name })}</span>
          </Button>
        </div>
      </form>
      {making && <FolderDialog parent={chosen} close={() => setMaking(false)} make={async (parent, wanted) => {
        const made = await make(parent, wanted)
        setChosen({ id: made.id, name: visible(made.name) })
        return made
      }} />}
    </Modal>
  )
}

/** How a new folder is called. */
export function FolderDialog({ parent, close, make }: { parent: Where; close: () => void; make: (parent: string, name: string) => Promise<Entry> }) {
  const say = useSay(texts)
  const [name, setName] = useState('')
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // A dialog may stand above another form.
    event.stopPropagation()
    const fault = wrongName(name.trim())
    if (fault) return setWrong(say(`name.${fault}`))
    setBusy(true)
    make(parent.id, name.trim())
      .then(close)
      .catch((error: unknown) => {
        const taken = (error as { status?: number }).status === 409
        setWrong(taken ? say('new.folder.taken', { name: visible(name.trim()) }) : say('failed', { reason: error instanceof Error ? error.message : '' }))
        setBusy(false)
      })
  }
  return (
    <Modal opened onClose={close} size={420} title={say('new.folder')} closeButtonProps={{ 'aria-label': say('close') }}>
      <form onSubmit={submit}>
        <label className={css.ask}>
          <span className="muted">{say('new.folder.name', { folder: parent.name })}</span>
          <input data-autofocus className={css.field} dir="auto" value={name} autoComplete="off" aria-invalid={wrong !== ''} aria-describedby="folder-wrong" onChange={event => {
            setName(event.target.value)
            setWrong('')
          }} />
        </label>
        <p id="folder-wrong" role="alert" className={css.wrong}>
          {wrong}
        </p>
        <div className={css.dialogFoot}>
          <span className={css.spread} />
          <Button variant="filled" type="submit" disabled={busy || !name.trim()}>
            {say('new.folder.do')}
          </Button>
        </div>
      </form>
    </Modal>
  )
}

/** Before what cannot be undone: it names what goes. */
export function ForEver({ entries, close, go }: { entries: readonly Entry[] | 'all'; close: () => void; go: () => void }) {
  const say = useSay(texts)
  const count = entries === 'all' ? 0 : entries.length
  const name = entries === 'all' ? '' : visible(entries[0]?.name ?? '')
  return (
    <Modal opened onClose={close} size={440} title={entries === 'all' ? say('empty.title') : say('destroy.title', { count, name })} closeButtonProps={{ 'aria-label': say('close') }}>
      <p className={css.named}>{entries === 'all' ? say('empty.more') : say('destroy.more')}</p>
      {entries !== 'all' && count > 1 && (
        <ul className={css.names}>
          {entries.slice(0, 8).map(entry => (
            <li key={entry.id}>
              <bdi>{visible(entry.name)}</bdi>
            </li>
          ))}
          {count > 8 && <li className="muted">{say('destroy.others', { count: count - 8 })}</li>}
        </ul>
      )}
      <div className={css.dialogFoot}>
        <span className={css.spread} />
        <Button onClick={close} data-autofocus>
          {say('keep')}
        </Button>
        <Button className={css.danger ?? ''} onClick={() => {
          close()
          go()
        }}>
          {say(entries === 'all' ? 'empty.do' : 'destroy.do')}
        </Button>
      </div>
    </Modal>
  )
}
