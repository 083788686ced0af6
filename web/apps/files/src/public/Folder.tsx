// A shared folder: what is in it, as a list or as pictures, all of it as one download, and what may be added.
import { type FileResource, Refused, useClient } from '@alcove/client'
import { Button, Empty, Failure, Icon, Menu, Modal, Name, pick, Rows, useFileDrop, useFormats, useSay, useToast, useUploads, useUrl, visible } from '@alcove/ui'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { entryOf } from '../model'
import { Picture } from '../Picture'
import type { Level } from '../sharing/links'
import { Look, useDownload } from './Look'
import css from './public.module.css'
import { texts } from './texts'

const PAGE = 200

interface Props {
  /** The folder, or nothing for what is shared together. */
  id: string | undefined
  tops: readonly FileResource[]
  level: Level
}

/** What a folder holds, page after page. */
function useHeld(id: string | undefined, tops: readonly FileResource[]) {
  const { files } = useClient()
  return useInfiniteQuery({
    queryKey: ['shared', 'folder', id],
    queryFn: async ({ pageParam }) => {
      if (id === undefined) return { folder: undefined, children: [...tops], next: undefined }
      return pageParam ? files.more(id, pageParam, PAGE) : files.open(id, PAGE)
    },
    initialPageParam: '',
    getNextPageParam: page => page.next,
  })
}

export function Folder({ id, tops, level }: Props) {
  const say = useSay(texts)
  const { files } = useClient()
  const [url, change] = useUrl()
  const held = useHeld(id, tops)
  const uploads = useUploads()
  const queries = useQueryClient()
  const download = useDownload()
  const toast = useToast()
  const [dialog, setDialog] = useState<'folder' | FileResource>()
  const folder = held.data?.pages[0]?.folder
  const parent = folder?.attributes.dir_id
  const above = useQuery({ queryKey: ['shared', 'above', parent], queryFn: () => files.get(parent ?? ''), enabled: parent !== undefined && !tops.some(top => top.id === id), retry: false })
  const children = held.data?.pages.flatMap(page => page.children) ?? []
  const around = children.filter(child => child.attributes.type === 'file')
  const file = around.find(child => child.id === url.get('file'))
  const may = level === 'change' && id !== undefined
  const name = folder?.attributes.name ? visible(folder.attributes.name) : say('top')
  const pictured = around.length > 0 && around.filter(child => child.attributes.class === 'image').length * 2 > children.length
  const grid = (url.get('view') ?? (pictured ? 'grid' : 'list')) === 'grid'

  const { counts } = useSyncExternalStore(uploads.watch, uploads.snapshot)
  const arrived = useRef(counts.done)
  const fresh = () => void queries.invalidateQueries({ queryKey: ['shared', 'folder', id] })
  useEffect(() => {
    if (arrived.current === counts.done) return
    arrived.current = counts.done
    fresh()
  })
  const add = (tree: Awaited<ReturnType<typeof pick>>) => tree && id !== undefined && uploads.add({ id, name }, tree)
  const over = useFileDrop(tree => may && void add(tree))
  const wrong = (error: unknown) => toast({ text: say('failed', { reason: error instanceof Error ? error.message : String(error) }), bad: true })
  const all = async () => {
    if (folder) return download(folder)
    window.location.assign(await files.archive(say('top'), tops.map(top => top.id)))
  }
  const open = (child: FileResource) => change(child.attributes.type === 'directory' ? { folder: child.id, file: undefined } : { file: child.id })
  const remove = async (child: FileResource) => {
    try {
      await files.trash(child.id)
      toast({ text: say('removed', { name: visible(child.attributes.name) }) })
      fresh()
    } catch (error) {
      wrong(error)
    }
  }
  return (
    <main className={css.main} data-over={(over && may) || undefined}>
      <header className={css.head}>
        {(above.data !== undefined || (tops.length > 1 && id !== undefined)) && (
          <Button variant="subtle" px={8} aria-label={say('back')} onClick={() => change({ folder: above.data ? parent : undefined, file: undefined })}>
            <Icon name="left" />
          </Button>
        )}
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <Button variant="subtle" px={8} aria-label={say(grid ? 'as.list' : 'as.pictures')} title={say(grid ? 'as.list' : 'as.pictures')} onClick={() => change({ view: grid ? 'list' : 'grid' }, { replace: true })}>
          <Icon name={grid ? 'rows' : 'grid'} />
        </Button>
        {children.length > 0 && (
          <Button leftSection={<Icon name="download" />} onClick={() => void all().catch(wrong)}>
            {say('download.all')}
          </Button>
        )}
        {may && (
          <>
            <Button leftSection={<Icon name="newFolder" />} onClick={() => setDialog('folder')}>
              {say('folder.new')}
            </Button>
            <Button variant="filled" leftSection={<Icon name="upload" />} onClick={() => void pick().then(add)}>
              {say('add')}
            </Button>
          </>
        )}
      </header>
      {held.isPending ? (
        <Rows count={8} />
      ) : held.isError && !children.length ? (
        <Failure error={held.error} again={() => void held.refetch()} />
      ) : children.length === 0 ? (
        <Empty icon="folder" title={say('empty')}>
          {say(may ? 'empty.add' : 'empty.more')}
        </Empty>
      ) : (
        <ul className={grid ? css.tiles : css.rows} aria-label={name}>
          {children.map(child => (
            <Line key={child.id} child={child} grid={grid} open={() => open(child)} download={() => void download(child).catch(wrong)} may={may} rename={() => setDialog(child)} remove={() => void remove(child)} />
          ))}
        </ul>
      )}
      {held.hasNextPage && <More load={() => void held.fetchNextPage()} busy={held.isFetchingNextPage} />}
      {file && <Look file={file} around={around} go={next => change({ file: next.id }, { replace: true })} close={() => change({ file: undefined })} />}
      {dialog && id !== undefined && (
        <NameDialog
          title={say(dialog === 'folder' ? 'folder.new' : 'rename')}
          act={say(dialog === 'folder' ? 'folder.make' : 'rename.do')}
          first={dialog === 'folder' ? '' : dialog.attributes.name}
          close={() => setDialog(undefined)}
          send={async wanted => {
            if (dialog === 'folder') await files.makeFolder(id, wanted)
            else await files.change({ id: dialog.id, name: wanted })
            setDialog(undefined)
            fresh()
          }}
        />
      )}
    </main>
  )
}

interface LineProps {
  child: FileResource
  grid: boolean
  may: boolean
  open: () => void
  download: () => void
  rename: () => void
  remove: () => void
}

function Line({ child, grid, may, open, download, rename, remove }: LineProps) {
  const say = useSay(texts)
  const formats = useFormats()
  const entry = entryOf(child)
  const name = visible(entry.name)
  const facts = [entry.updated && formats.moment(entry.updated), !entry.folder && formats.size(entry.size)].filter(Boolean).join(' · ')
  return (
    <li>
      <button type="button" className={css.open} onClick={open}>
        <Picture entry={entry} size={grid ? 'small' : 'tiny'} large={grid} />
        <span className={css.words}>
          <Name of={entry.name} />
          {!grid && <span className="small muted num">{facts}</span>}
        </span>
      </button>
      {!grid &&
        (may ? (
          <Menu position="bottom-end" shadow="md">
            <Menu.Target>
              <Button variant="subtle" px={8} aria-label={say('menu.of', { name })}>
                <Icon name="more" />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<Icon name="download" size={16} />} onClick={download}>
                {say('download')}
              </Menu.Item>
              <Menu.Item leftSection={<Icon name="pencil" size={16} />} onClick={rename}>
                {say('rename')}
              </Menu.Item>
              <Menu.Item leftSection={<Icon name="trash" size={16} />} onClick={remove}>
                {say('remove')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        ) : (
          <Button variant="subtle" px={8} aria-label={say('download.of', { name })} onClick={download}>
            <Icon name="download" />
          </Button>
        ))}
    </li>
  )
}

/** Reads on when its place comes into sight. */
function More({ load, busy }: { load: () => void; busy: boolean }) {
  const say = useSay(texts)
  const own = useRef<HTMLDivElement>(null)
  const latest = useRef(load)
  latest.current = load
  useEffect(() => {
    if (!own.current || busy) return
    const watcher = new IntersectionObserver(seen => seen.some(one => one.isIntersecting) && latest.current(), { rootMargin: '600px' })
    watcher.observe(own.current)
    return () => watcher.disconnect()
  }, [busy])
  return (
    <div ref={own} className={css.more}>
      <Button onClick={load} disabled={busy}>
        {say('more')}
      </Button>
    </div>
  )
}

function NameDialog({ title, act, first, close, send }: { title: string; act: string; first: string; close: () => void; send: (name: string) => Promise<void> }) {
  const say = useSay(texts)
  const [name, setName] = useState(first)
  const [fault, setFault] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void send(name.trim()).catch((error: unknown) => {
      const taken = error instanceof Refused && error.status === 409
      setFault(taken ? say('taken') : say('failed', { reason: error instanceof Error ? error.message : String(error) }))
    })
  }
  return (
    <Modal opened onClose={close} title={title} closeButtonProps={{ 'aria-label': say('close') }}>
      <form className={css.form} onSubmit={submit}>
        <input data-autofocus aria-label={say('folder.name')} value={name} maxLength={255} onChange={event => setName(event.target.value)} />
        <p role="alert">{fault}</p>
        <div className={css.acts}>
          <Button type="submit" variant="filled" disabled={!name.trim()}>
            {act}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
