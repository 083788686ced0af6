// The page of Files: where one is and what can be done above, the folder below, the details beside it, a file over it.
import { ROOT, TRASH, type Tree } from '@alcove/client'
import { type Action, Button, Empty, Failure, Frame, Icon, type IconName, Kbd, keyName, Menu, Panel, pick, Rows, UploadsProvider, useActions, useFileDrop, useFormats, useSay, useToast, useUploads, visible } from '@alcove/ui'
import { lazy, type ReactNode, type Ref, startTransition, Suspense, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { type Step, useFile, useListing, useLive, useTrail } from './api'
import { carried } from './carrying'
import { type Asked, FolderDialog, ForEver, WhereDialog } from './Dialogs'
import { Details } from './Details'
import { Entries, type EntriesHandle } from './Entries'
import css from './files.module.css'
import { type Column, type Entry, holding, ordered, textOf, wrongName } from './model'
import { Preview } from './Preview'
import { Search } from './Search'
import { useSelection } from './selection'
import { filterNow, type Go, go, type State, useFilesState } from './state'
import { texts } from './texts'
import { useVerbs, type Where } from './verbs'
import { Ways } from './Ways'

export function Files() {
  const say = useSay(texts)
  // Nothing here watches the address: the frame is not drawn anew whenever it changes.
  const asked = useCallback(
    (typed: string): Action[] => [
      { id: 'search-in', label: say('search.in', { text: typed }), group: say('group'), icon: 'search', run: () => go({ look: '1', search: typed, file: undefined, trash: undefined }) },
      { id: 'filter-in', label: say('filter.in', { text: typed }), group: say('group'), icon: 'filter', run: () => go({ filter: typed, file: undefined }) },
    ],
    [say],
  )
  return (
    <UploadsProvider>
      <Frame asked={asked}>
        <Panel>
          <Page />
        </Panel>
      </Frame>
    </UploadsProvider>
  )
}

function Page() {
  const [state, go] = useFilesState()
  if (state.search !== undefined) return <Search state={state} go={go} />
  if (state.show) {
    return (
      <Suspense fallback={<main className={css.lost} />}>
        <View state={state} go={go} />
      </Suspense>
    )
  }
  return state.folder === undefined ? <Found id={state.file ?? ''} go={go} /> : <Folder key={state.folder} id={state.folder} state={state} go={go} />
}

/** The address names a file alone: its folder is found, and the address says it from then on. */
function Found({ id, go }: { id: string; go: Go }) {
  const say = useSay(texts)
  const found = useFile(id)
  const parent = found.data?.file.attributes.dir_id
  const folder = found.data?.file.attributes.type === 'directory' ? found.data.file.id : parent
  const moved = useRef(false)
  if (folder !== undefined && !moved.current) {
    moved.current = true
    // Not while drawing: the address is watched by what is drawn.
    queueMicrotask(() => go({ folder: folder || ROOT, file: folder === parent ? id : undefined }, { replace: true }))
  }
  if (found.data === null) {
    return (
      <main className={css.lost}>
        <Empty icon="file" title={say('gone')} act={<Button onClick={() => go({ file: undefined, folder: ROOT })}>{say('root.go')}</Button>}>
          {say('gone.more')}
        </Empty>
      </main>
    )
  }
  return <main className={css.lost}>{found.isError ? <Failure error={found.error} again={() => void found.refetch()} /> : <Rows count={10} />}</main>
}

const View = lazy(() => import('./views/View'))
const Sharing = lazy(() => import('./sharing/Sharing'))

type Dialog = { kind: 'where'; asked: Asked } | { kind: 'share'; entry: Entry } | { kind: 'folder' } | { kind: 'ever'; entries: readonly Entry[] | 'all' }

function Folder({ id, state, go }: { id: string; state: State; go: Go }) {
  const say = useSay(texts)
  const formats = useFormats()
  const toast = useToast()
  const uploads = useUploads()
  const verbs = useVerbs()
  useLive(id)
  const [listing, view] = useListing(id)
  const trash = id === TRASH
  const trail = useTrail(view.folder)
  const list = useRef<EntriesHandle>(null)
  const field = useRef<HTMLInputElement>(null)
  const [renaming, setRenaming] = useState<string>()
  const [dialog, setDialog] = useState<Dialog>()
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const [dragging, setDragging] = useState(false)

  const sorted = useMemo(() => ordered(view.entries, state.order), [view.entries, state.order.by, state.order.down])
  const entries = useMemo(() => holding(sorted, state.filter), [sorted, state.filter])
  const count = state.filter || !view.reading ? entries.length : Math.max(view.count, entries.length)
  const selection = useSelection(entries, `${id}${state.filter}`, listing.get)
  const around = useMemo(() => (state.file ? entries.filter(entry => !entry.folder) : []), [entries, state.file])
  const chosen = selection.entries
  const [one] = chosen
  const single = chosen.length === 1 ? one : undefined
  const here: Where = { id, name: view.folder?.attributes.name ? visible(view.folder.attributes.name) : say('root') }
  const title = trash ? say('trash') : here.name

  const open = (entry: Entry) => {
    if (trash) return
    if (entry.folder) go({ folder: entry.id, filter: undefined }, { calm: true })
    else {
      startTransition(() => {
        selection.only(entry.id)
        go({ file: entry.id, folder: id })
      })
    }
  }
  const parent = view.folder?.attributes.dir_id
  const up = () => {
    if (trash) go({ trash: undefined, folder: ROOT })
    else if (parent) go({ folder: parent, filter: undefined }, { calm: true })
  }
  const after = (gone: readonly Entry[]) => {
    // The keyboard stays where it was: on what comes after the last that goes.
    const leaving = new Set(gone.map(entry => entry.id))
    const last = entries.findLastIndex(entry => leaving.has(entry.id))
    const next = entries[last + 1] ?? entries.findLast((entry, at) => at < last && !leaving.has(entry.id))
    if (next && chosen.length) selection.only(next.id)
    else selection.none()
  }
  const putAway = (going: readonly Entry[]) => {
    if (!going.length) return
    after(going)
    if (trash) setDialog({ kind: 'ever', entries: going })
    else void verbs.trash(going)
  }
  const restore = (going: readonly Entry[]) => {
    after(going)
    void verbs.restore(going)
  }
  const rename = (entry: Entry, name: string | undefined) => {
    setRenaming(undefined)
    list.current?.focus()
    if (name === undefined || name === entry.name) return
    const wrong = wrongName(name)
    if (wrong) toast({ text: say(`name.${wrong}`), bad: true })
    else {
      void verbs.rename(entry, name)
      // Its place is another now.
      list.current?.reveal()
    }
  }
  const add = (tree: Tree | undefined, into: Where = here) => {
    if (!tree) return
    if (tree.unreadable.length) toast({ text: say('unreadable', { count: tree.unreadable.length, name: visible(tree.unreadable[0] ?? '') }), bad: true })
    uploads.add(into, tree)
  }
  const choose = (folder: boolean) => void pick({ folder }).then(tree => add(tree))
  const sort = (by: Column) => {
    const down = state.order.by === by ? !state.order.down : by === 'updated' || by === 'size'
    go({ sort: textOf({ by, down }) }, { replace: true, calm: true })
  }
  const into = useRef<Where>(here)
  const over = useFileDrop(tree => {
    if (!trash) add(tree, into.current)
  })
  const hover = (folder: Entry | undefined) => {
    into.current = folder ? { id: folder.id, name: visible(folder.name) } : here
  }
  if (!over) into.current = here

  const info = () => go({ info: state.info ? undefined : '1' }, { replace: true, calm: true })
  const search = () => go({ look: '1', inside: trash || id === ROOT ? undefined : id, file: undefined, trash: undefined, filter: undefined })
  const flip = () => go({ view: state.view === 'grid' ? undefined : 'grid' }, { replace: true, calm: true })
  const group = say('group')
  const some = chosen.length > 0
  const act = (id: string, key: string, icon: IconName | undefined, keys: string[], run: () => void, keyOnly = false): Action => ({ id, label: key, group, keys, run, keyOnly, ...(icon && { icon }) })
  const onChosen: Action[] = !some
    ? []
    : trash
      ? [act('restore', say('restore'), 'restore', ['r'], () => restore(chosen)), act('destroy', say('destroy.do'), 'trash', ['Delete'], () => putAway(chosen))]
      : [
          ...(single ? [act('open', say('open'), 'right', ['Enter'], () => open(single)), act('rename', say('rename'), 'pencil', ['F2'], () => setRenaming(single.id))] : []),
          act('move', say('move'), 'move', ['m'], () => setDialog({ kind: 'where', asked: { verb: 'move', entries: chosen } })),
          act('copy', say('copy'), 'copy', ['c'], () => setDialog({ kind: 'where', asked: { verb: 'copy', entries: chosen } })),
          ...(single ? [act('share', say('share'), 'link', ['l'], () => setDialog({ kind: 'share', entry: single }))] : []),
          act('favorite', say(chosen.every(entry => entry.favorite) ? 'favorite.out' : 'favorite'), 'star', ['f'], () => void verbs.favor(chosen, !chosen.every(entry => entry.favorite))),
          act('download', say('download'), 'download', ['d'], () => void verbs.download(chosen)),
          act('trash', say('trash.do'), 'trash', ['Delete'], () => putAway(chosen)),
        ]
  const press = (key: string) => () => list.current?.press(key)
  const find = () => {
    // What is chosen has the place of the field.
    if (some) flushSync(() => selection.none())
    field.current?.focus()
  }
  useActions([
    ...(trash
      ? [act('empty', say('empty'), 'trash', [], () => setDialog({ kind: 'ever', entries: 'all' }))]
      : [
          act('upload', say('upload.files'), 'upload', ['u'], () => choose(false)),
          act('uploadFolder', say('upload.folder'), 'upload', ['Mod+u'], () => choose(true)),
          act('newFolder', say('new.folder'), 'newFolder', ['n'], () => setDialog({ kind: 'folder' })),
        ]),
    ...onChosen,
    act('filter', say('filter'), 'filter', ['/'], find),
    act('search', say('search'), 'search', ['s'], search),
    act('view', say(state.view === 'grid' ? 'view.list' : 'view.grid'), state.view === 'grid' ? 'rows' : 'grid', ['v'], flip),
    act('info', say('details'), 'info', ['i'], info),
    act('all', say('select.all'), 'check', ['Mod+a'], () => selection.all()),
    act('toTrash', say(trash ? 'root.go' : 'trash.go'), trash ? 'folder' : 'trash', ['t'], () => (trash ? go({ trash: undefined, folder: ROOT }) : go({ trash: '1', folder: undefined, file: undefined, filter: undefined }))),
    act('next', say('key.next'), undefined, ['ArrowDown', 'j'], press('ArrowDown'), true),
    act('before', say('key.before'), undefined, ['ArrowUp', 'k'], press('ArrowUp'), true),
    act('choose', say('key.choose'), undefined, [' '], press(' '), true),
    ...(parent || trash ? [act('up', say('key.up'), undefined, ['Backspace'], up, true)] : []),
    act('none', say('key.none'), undefined, ['Escape'], () => (state.filter && !some ? go({ filter: undefined }, { replace: true }) : selection.none()), true),
  ])

  const moveTo = (going: readonly Entry[], to: Where) => {
    // What is dragged leaves the page when it is moved, and with it the word that dragging is over.
    setDragging(false)
    void verbs.move(going, to)
  }
  const covered = state.file !== undefined || dialog !== undefined
  useEffect(() => {
    // What lay over the list is gone: the keyboard is in the list again.
    if (covered) return () => list.current?.focus()
    return undefined
  }, [covered])

  const asked = single?.id ?? (some ? undefined : trash ? undefined : id)
  const shownError = view.error !== undefined && view.entries.length === 0
  return (
    <main className={css.main} data-info={state.info || undefined}>
      <section className={css.pane} aria-label={title}>
        <h1 className="unseen">{title}</h1>
        {id === ROOT && <Ways show={undefined} go={go} />}
        <header className={css.head} data-some={(some && !dragging) || undefined}>
          {some && !dragging ? (
            <Chosen count={chosen.length} actions={onChosen} none={() => selection.none()} />
          ) : (
            <>
              <Crumbs trail={trash ? [{ id: ROOT, name: '' }] : (trail.data ?? [])} last={trash ? say('trash') : undefined} go={go} drop={moveTo} />
              <Button variant="subtle" px={7} aria-label={say('search')} title={say('search')} onClick={search}>
                <Icon name="search" />
              </Button>
              <FilterField
                text={state.filter}
                field={field}
                filter={(filter, calm) => go({ filter: filter || undefined }, { replace: true, calm })}
                down={() => list.current?.press('ArrowDown')}
              />
              <Button variant="subtle" px={7} className={css.wide ?? ''} aria-label={say(state.view === 'grid' ? 'view.list' : 'view.grid')} title={say(state.view === 'grid' ? 'view.list' : 'view.grid')} onClick={flip}>
                <Icon name={state.view === 'grid' ? 'rows' : 'grid'} />
              </Button>
              <Button variant="subtle" px={7} className={css.wide ?? ''} aria-label={say('details')} title={say('details')} aria-pressed={state.info} onClick={info}>
                <Icon name="info" />
              </Button>
              {!trash && (
                <Button variant="subtle" px={7} className={css.wide ?? ''} aria-label={say('trash.go')} title={say('trash.go')} onClick={() => go({ trash: '1', folder: undefined, filter: undefined })}>
                  <Icon name="trash" />
                </Button>
              )}
              {trash ? (
                <Button disabled={!view.entries.length} onClick={() => setDialog({ kind: 'ever', entries: 'all' })}>
                  {say('empty')}
                </Button>
              ) : (
                <NewMenu files={() => choose(false)} folder={() => choose(true)} make={() => setDialog({ kind: 'folder' })} more={{ view: state.view, flip, info, trash: () => go({ trash: '1', folder: undefined, filter: undefined }) }} />
              )}
            </>
          )}
        </header>
        <Panel key={`${id}${state.view}`}>
          {shownError ? (
            <Missing error={view.error} again={() => void listing.load()} go={go} />
          ) : view.entries.length === 0 && view.reading ? (
            <Rows count={12} />
          ) : entries.length === 0 ? (
            state.filter ? (
              <Empty icon="search" title={say('filter.none', { text: state.filter })} act={<Button onClick={() => go({ filter: undefined }, { replace: true })}>{say('filter.clear')}</Button>} />
            ) : trash ? (
              <Empty icon="trash" title={say('trash.empty')}>
                {say('trash.empty.more')}
              </Empty>
            ) : (
              <Empty
                icon="folder"
                title={say('folder.empty')}
                act={
                  <Button variant="filled" leftSection={<Icon name="upload" />} onClick={() => choose(false)}>
                    {say('upload.files')}
                  </Button>
                }
              >
                {say('folder.empty.more')}
              </Empty>
            )
          ) : (
            <Entries
              handle={list}
              entries={entries}
              get={listing.get}
              count={count}
              label={title}
              grid={state.view === 'grid'}
              order={state.order}
              sort={sort}
              selection={selection}
              renaming={renaming}
              rename={rename}
              open={open}
              menu={(_, at) => setMenu(at)}
              drop={(going, folder) => moveTo(going, { id: folder.id, name: visible(folder.name) })}
              drag={setDragging}
              hover={hover}
              trash={trash}
              foot={
                <p className={css.end} role="status">
                  {view.error !== undefined ? (
                    <Button onClick={() => void listing.load()}>{say('read.again')}</Button>
                  ) : (
                    <>
                      {say('count', { count: state.filter ? entries.length : view.count })}
                      {view.reading && view.entries.length < view.count ? ` · ${say('reading', { done: view.entries.length })}` : ''}
                      {trash ? ` · ${say('trash.counts')}` : ''}
                    </>
                  )}
                </p>
              }
            />
          )}
        </Panel>
      </section>
      {state.info && (
        <aside className={css.side} aria-label={say('details')}>
          <Panel key={asked}>
            {asked ? (
              <Details id={asked} verbs={verbs} close={info} open={open} share={entry => setDialog({ kind: 'share', entry })} />
            ) : (
              <Empty icon="info" title={some ? say('selected', { count: chosen.length }) : say('details.none')}>
                {some ? formats.size(chosen.reduce((sum, entry) => sum + entry.size, 0)) : say('details.none.more')}
              </Empty>
            )}
          </Panel>
        </aside>
      )}
      {state.file && (
        <Preview
          id={state.file}
          entry={listing.get(state.file)}
          around={around}
          verbs={verbs}
          close={() => go({ file: undefined, folder: trash ? undefined : id })}
          go={entry =>
            startTransition(() => {
              selection.only(entry.id)
              go({ file: entry.id }, { replace: true })
            })
          }
          info={() => go({ file: undefined, info: '1' })}
          trash={entry => {
            const at = around.indexOf(entry)
            const next = around[at + 1] ?? around[at - 1]
            go({ file: next?.id, folder: id }, { replace: true })
            if (next) selection.only(next.id)
            void verbs.trash([entry])
          }}
        />
      )}
      {menu && <PopMenu at={menu} actions={onChosen} close={() => setMenu(undefined)} />}
      {dialog?.kind === 'where' && (
        <WhereDialog
          asked={dialog.asked}
          trail={trail.data ?? []}
          close={() => setDialog(undefined)}
          make={verbs.makeFolder}
          go={to => {
            setDialog(undefined)
            if (dialog.asked.verb === 'move') {
              after(dialog.asked.entries)
              void verbs.move(dialog.asked.entries, to)
            } else void verbs.copy(dialog.asked.entries, to)
          }}
        />
      )}
      {dialog?.kind === 'share' && (
        <Panel>
          <Suspense>
            <Sharing entry={dialog.entry} close={() => setDialog(undefined)} />
          </Suspense>
        </Panel>
      )}
      {dialog?.kind === 'folder' && (
        <FolderDialog
          parent={here}
          close={() => setDialog(undefined)}
          make={async (into, name) => {
            const made = await verbs.makeFolder(into, name)
            selection.only(made.id)
            return made
          }}
        />
      )}
      {dialog?.kind === 'ever' && (
        <ForEver entries={dialog.entries} close={() => setDialog(undefined)} go={() => void (dialog.entries === 'all' ? verbs.emptyTrash() : verbs.destroy(dialog.entries))} />
      )}
      {over && !trash && (
        <div className={css.over}>
          <Icon name="upload" size={32} />
          <span>{say('drop.here', { folder: into.current.name })}</span>
        </div>
      )}
    </main>
  )
}

function Missing({ error, again, go }: { error: unknown; again: () => void; go: Go }) {
  const say = useSay(texts)
  if ((error as { status?: number }).status !== 404) return <Failure error={error} again={again} />
  return (
    <Empty icon="folder" title={say('folder.gone')} act={<Button onClick={() => go({ folder: ROOT })}>{say('root.go')}</Button>}>
      {say('folder.gone.more')}
    </Empty>
  )
}

/** What narrows the list. The text stands at once; the list follows when there is time, and before the keyboard goes to it. */
function FilterField({ text, field, filter, down }: { text: string; field: Ref<HTMLInputElement>; filter: (text: string, calm: boolean) => void; down: () => void }) {
  const say = useSay(texts)
  const [typed, setTyped] = useState(text)
  // What the address says by now, also when it was not typed here: Back, or "show everything".
  useLayoutEffect(() => {
    setTyped(filterNow())
  }, [text])
  const type = (next: string, calm: boolean) => {
    setTyped(next)
    filter(next, calm)
  }
  return (
    <label className={css.search}>
      <Icon name="filter" size={16} />
      <span className="unseen">{say('filter')}</span>
      <input
        ref={field}
        type="search"
        value={typed}
        placeholder={say('filter')}
        autoComplete="off"
        onChange={event => type(event.target.value, true)}
        onKeyDown={event => {
          if (event.key === 'ArrowDown' || event.key === 'Enter') {
            event.preventDefault()
            flushSync(() => type(typed, false))
            down()
          }
          if (event.key === 'Escape') {
            type('', true)
            event.currentTarget.blur()
          }
        }}
      />
    </label>
  )
}

/** Where one is. On a narrow page only the folder above and this one are seen. */
function Crumbs({ trail, last, go, drop }: { trail: readonly Step[]; last: string | undefined; go: Go; drop: (entries: readonly Entry[], to: Where) => void }) {
  const say = useSay(texts)
  const [over, setOver] = useState<string>()
  const steps: (Step & { link: boolean })[] = trail.map((step, at) => ({ ...step, link: last !== undefined || at < trail.length - 1 }))
  const name = (step: Step) => (step.id === ROOT ? say('root') : visible(step.name))
  return (
    <nav className={css.crumbs} aria-label={say('trail')}>
      <ol>
        {steps.map(step => (
          <li key={step.id} data-last={!step.link || undefined}>
            {step.link ? (
              <a
                href={step.id === ROOT ? '/' : `/?folder=${encodeURIComponent(step.id)}`}
                data-over={over === step.id || undefined}
                onClick={event => {
                  if (event.ctrlKey || event.metaKey || event.shiftKey) return
                  event.preventDefault()
                  go({ folder: step.id, trash: undefined, filter: undefined })
                }}
                onDragOver={event => {
                  if (!carried(event)) return
                  event.preventDefault()
                  setOver(step.id)
                }}
                onDragLeave={() => setOver(undefined)}
                onDrop={event => {
                  const going = carried(event)
                  setOver(undefined)
                  if (!going) return
                  event.preventDefault()
                  drop(going, { id: step.id, name: name(step) })
                }}
              >
                <bdi>{name(step)}</bdi>
              </a>
            ) : (
              <b aria-current="page">
                <bdi>{name(step)}</bdi>
              </b>
            )}
            {step.link && <Icon name="right" size={14} />}
          </li>
        ))}
        {last && (
          <li data-last>
            <b aria-current="page">{last}</b>
          </li>
        )}
      </ol>
    </nav>
  )
}

/** How many are chosen, and what can be done with them. Plain: it comes and goes with every click. */
function Chosen({ count, actions, none }: { count: number; actions: readonly Action[]; none: () => void }) {
  const say = useSay(texts)
  return (
    <div className={css.chosen} role="toolbar" aria-label={say('selected', { count })}>
      <button type="button" className={css.verb} aria-label={say('key.none')} title={say('key.none')} onClick={none}>
        <Icon name="cross" />
      </button>
      <b className="num" role="status">
        {say('selected', { count })}
      </b>
      <span className={css.spread} />
      {actions.map(action => (
        <button key={action.id} type="button" className={css.verb} data-first={action.id === 'open' || undefined} aria-label={action.label} title={action.label} onClick={action.run}>
          <Icon name={action.icon ?? 'right'} />
          <span>{action.label}</span>
        </button>
      ))}
    </div>
  )
}

function Items({ actions }: { actions: readonly Action[] }) {
  return actions.map(action => (
    <Menu.Item key={action.id} leftSection={<Icon name={action.icon ?? 'right'} size={16} />} rightSection={action.keys?.[0] && <Kbd>{keyName(action.keys[0])}</Kbd>} onClick={action.run}>
      {action.label}
    </Menu.Item>
  ))
}

/** The same, at the pointer. */
function PopMenu({ at, actions, close }: { at: { x: number; y: number }; actions: readonly Action[]; close: () => void }) {
  return (
    <Menu opened onClose={close} position="bottom-start" offset={2} shadow="md" width={240} returnFocus>
      <Menu.Target>
        <span className={css.spot} style={{ left: at.x, top: at.y }} />
      </Menu.Target>
      <Menu.Dropdown>
        <Items actions={actions} />
      </Menu.Dropdown>
    </Menu>
  )
}

interface NewProps {
  files: () => void
  folder: () => void
  make: () => void
  /** What has no room of its own on a narrow page. */
  more: { view: 'list' | 'grid'; flip: () => void; info: () => void; trash: () => void }
}

function NewMenu({ files, folder, make, more }: NewProps): ReactNode {
  const say = useSay(texts)
  return (
    <Menu position="bottom-end" shadow="md" width={250}>
      <Menu.Target>
        <Button variant="filled" leftSection={<Icon name="plus" />} className={css.add ?? ''}>
          {say('add')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="upload" size={16} />} rightSection={<Kbd>U</Kbd>} onClick={files}>
          {say('upload.files')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="upload" size={16} />} onClick={folder}>
          {say('upload.folder')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="newFolder" size={16} />} rightSection={<Kbd>N</Kbd>} onClick={make}>
          {say('new.folder')}
        </Menu.Item>
        <Menu.Divider className={css.narrowOnly ?? ''} />
        <Menu.Item className={css.narrowOnly ?? ''} leftSection={<Icon name={more.view === 'grid' ? 'rows' : 'grid'} size={16} />} onClick={more.flip}>
          {say(more.view === 'grid' ? 'view.list' : 'view.grid')}
        </Menu.Item>
        <Menu.Item className={css.narrowOnly ?? ''} leftSection={<Icon name="info" size={16} />} onClick={more.info}>
          {say('details')}
        </Menu.Item>
        <Menu.Item className={css.narrowOnly ?? ''} leftSection={<Icon name="trash" size={16} />} onClick={more.trash}>
          {say('trash.go')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
