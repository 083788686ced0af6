// Looking at a file: over the whole page, with the files before and after it a key away. Bytes come by links that open
// without a token for a while; what could run is shown as its own text, or inside an image, where it cannot.
import { TRASH, useClient } from '@alcove/client'
import { Button, Empty, Failure, Icon, Over, Panel, Rows, useFormats, useSay, visible } from '@alcove/ui'
import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, lazy, type ReactNode, Suspense, useDeferredValue, useEffect, useRef, useState } from 'react'
import { useFile } from './api'
import css from './files.module.css'
import { drawn, type Entry, entryOf, iconOf, shownAs } from './model'
import { isPicture } from './Picture'
import { TEXT_MOST, textIn } from './preview'
import { texts } from './texts'
import type { Verbs } from './verbs'

const Pdf = lazy(() => import('./Pdf'))
const Markdown = lazy(() => import('./Markdown'))

const LINK_FRESH = 480_000
/** Bigger pictures are shown by their thumbnail: decoding them would stop the page. */
const PICTURE_MOST = 60_000_000

interface Props {
  id: string
  /** The entry as the list has it, the newest that is known. */
  entry: Entry | undefined
  /** The files around it, in the order of the list. */
  around: readonly Entry[]
  verbs: Verbs
  close: () => void
  go: (entry: Entry) => void
  info: () => void
  trash: (entry: Entry) => void
}

export function Preview({ id, entry: listed, around, verbs, close, go, info, trash }: Props) {
  const say = useSay(texts)
  const found = useFile(id)
  const entry = listed ?? (found.data ? entryOf(found.data.file) : undefined)
  // What it was called when it was opened.
  const opened = useRef<{ id: string; name: string }>(undefined)
  if (entry && opened.current?.id !== id) opened.current = { id, name: entry.name }
  const at = listed ? around.indexOf(listed) : -1
  // Keys may come faster than files are drawn: each goes on from the one before.
  const now = useRef(at)
  useEffect(() => {
    now.current = at
  }, [at])
  const step = (by: number) => {
    const next = now.current < 0 ? undefined : around[now.current + by]
    if (!next) return
    now.current += by
    go(next)
  }
  const gone = found.data === null
  const trashed = !gone && found.data !== undefined && found.data !== null && (found.data.file.attributes.trashed === true || found.data.file.attributes.dir_id === TRASH)
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    // Arrows wind a film and move in a field.
    if (/^(INPUT|TEXTAREA|VIDEO|AUDIO)$/.test((event.target as HTMLElement).tagName)) return
    if (event.key === 'ArrowLeft') step(-1)
    else if (event.key === 'ArrowRight') step(1)
    else if (event.key === 'i') info()
    else if (event.key === 'd' && entry) void verbs.download([entry])
    else if (event.key === 'Delete' && entry && !trashed) trash(entry)
    else return
    event.preventDefault()
  }
  const name = entry ? visible(entry.name) : ''
  return (
    <Over label={name || say('preview')} close={close} onKeyDown={press}>
      <div className={css.viewHead}>
        <Button variant="subtle" px={7} aria-label={say('preview.close')} title={say('preview.close')} onClick={close}>
          <Icon name="left" />
        </Button>
        <b className={css.cut}>
          <bdi>{name}</bdi>
        </b>
        {at >= 0 && around.length > 1 && <span className={`muted num ${css.position}`}>{say('preview.place', { at: at + 1, count: around.length })}</span>}
        <span className={css.spread} />
        {entry && (
          <>
            <Button variant="subtle" px={7} aria-label={say('download')} title={say('download')} onClick={() => void verbs.download([entry])}>
              <Icon name="download" />
            </Button>
            <Button variant="subtle" px={7} aria-label={say('details')} title={say('details')} onClick={info}>
              <Icon name="info" />
            </Button>
            {!trashed && (
              <Button variant="subtle" px={7} aria-label={say('trash.do')} title={say('trash.do')} onClick={() => trash(entry)}>
                <Icon name="trash" />
              </Button>
            )}
          </>
        )}
      </div>
      {entry && opened.current && opened.current.name !== entry.name && !gone && (
        <p className={css.notice} role="status">
          {say('renamed.elsewhere', { before: visible(opened.current.name), now: name })}
        </p>
      )}
      {trashed && (
        <p className={css.notice} role="status">
          {say('trashed.elsewhere')}
          {entry && <Button onClick={() => void verbs.restore([entry])}>{say('restore')}</Button>}
        </p>
      )}
      <div className={css.view} tabIndex={0} data-autofocus>
        {gone ? (
          <Empty icon="file" title={say('gone')} act={<Button onClick={close}>{say('preview.close')}</Button>}>
            {say('gone.more')}
          </Empty>
        ) : entry ? (
          <Panel key={`${id}${entry.mark}`}>
            <Suspense fallback={<Rows count={6} />}>
              <Calm>
                <Body entry={entry} verbs={verbs} />
              </Calm>
            </Suspense>
          </Panel>
        ) : found.isError ? (
          <Failure error={found.error} again={() => void found.refetch()} />
        ) : (
          <Rows count={6} />
        )}
      </div>
      {at > 0 && (
        <button type="button" className={css.before} aria-label={say('preview.before')} onClick={() => step(-1)}>
          <Icon name="left" size={24} />
        </button>
      )}
      {at >= 0 && at < around.length - 1 && (
        <button type="button" className={css.after} aria-label={say('preview.after')} onClick={() => step(1)}>
          <Icon name="right" size={24} />
        </button>
      )}
    </Over>
  )
}

/** Drawn once there is time: what lies around it is there before. */
function Calm({ children }: { children: ReactNode }) {
  return useDeferredValue(children, <Rows count={6} />)
}

function Body({ entry, verbs }: { entry: Entry; verbs: Verbs }) {
  const say = useSay(texts)
  const nothing = (why?: string) => <Nothing entry={entry} verbs={verbs} why={why} />
  switch (shownAs(entry)) {
    case 'image':
      return <Image entry={entry} otherwise={nothing(say('preview.undrawn'))} />
    case 'pdf':
      return entry.size ? <Pdf id={entry.id} size={entry.size} /> : nothing()
    case 'markdown':
      return <Text entry={entry} otherwise={nothing()} show={text => <Markdown text={text} />} />
    case 'text':
      return <Text entry={entry} otherwise={nothing()} show={text => <pre className={css.text} dir="auto">{text}</pre>} />
    case 'audio':
    case 'video':
      return <Media entry={entry} otherwise={nothing(say('preview.unplayed'))} />
    default:
      return entry.pictures ? <Image entry={entry} otherwise={nothing()} /> : nothing()
  }
}

function Nothing({ entry, verbs, why }: { entry: Entry; verbs: Verbs; why?: string | undefined }) {
  const say = useSay(texts)
  const formats = useFormats()
  return (
    <Empty
      icon={iconOf(entry)}
      title={visible(entry.name)}
      act={
        <Button variant="filled" leftSection={<Icon name="download" />} onClick={() => void verbs.download([entry])}>
          {say('download')} · {formats.size(entry.size)}
        </Button>
      }
    >
      {why ?? say('preview.nothing')}
    </Empty>
  )
}

/** An address of the file's bytes that needs no token. */
function useLink(entry: Entry) {
  const { files } = useClient()
  return useQuery({
    queryKey: ['files', 'link', entry.id, entry.mark],
    queryFn: () => files.link(entry.id),
    staleTime: LINK_FRESH,
    gcTime: LINK_FRESH,
  })
}

function Image({ entry, otherwise }: { entry: Entry; otherwise: ReactNode }) {
  const { files } = useClient()
  const [loaded, setLoaded] = useState(false)
  const [failed, setFailed] = useState(false)
  const [small, setSmall] = useState(true)
  const whole = drawn(entry) && entry.size < PICTURE_MOST && !failed
  const link = useLink(entry)
  const thumbnail = entry.pictures?.large && files.picture(entry.pictures.large, entry.mark)
  const name = visible(entry.name)
  if (!whole && (!thumbnail || !small)) return otherwise
  return (
    <div className={css.picture}>
      {thumbnail && small && !loaded && <img src={thumbnail} alt={whole ? '' : name} onLoad={event => setSmall(isPicture(event.currentTarget))} onError={() => setSmall(false)} />}
      {whole && link.data && <img src={link.data} alt={name} data-loading={!loaded || undefined} onLoad={() => setLoaded(true)} onError={() => setFailed(true)} />}
    </div>
  )
}

function Text({ entry, otherwise, show }: { entry: Entry; otherwise: ReactNode; show: (text: string) => ReactNode }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { files } = useClient()
  const found = useQuery({
    queryKey: ['files', 'text', entry.id, entry.mark],
    queryFn: async ({ signal }) => textIn(await files.bytes(entry.id, 0, Math.max(1, Math.min(entry.size, TEXT_MOST)), signal)) ?? null,
    staleTime: LINK_FRESH,
    gcTime: 0,
  })
  if (found.isPending) return <Rows count={8} />
  if (found.isError) return <Failure error={found.error} again={() => void found.refetch()} />
  if (found.data === null) return otherwise
  return (
    <>
      {entry.size > TEXT_MOST && <p className={css.notice}>{say('preview.beginning', { size: formats.size(TEXT_MOST), all: formats.size(entry.size) })}</p>}
      {found.data === '' ? <p className={css.blank}>{say('preview.empty')}</p> : show(found.data)}
    </>
  )
}

function Media({ entry, otherwise }: { entry: Entry; otherwise: ReactNode }) {
  const link = useLink(entry)
  const place = useRef(0)
  const tried = useRef<string>(undefined)
  const [failed, setFailed] = useState(false)
  if (failed) return otherwise
  if (link.isError) return <Failure error={link.error} again={() => void link.refetch()} />
  if (!link.data) return <Rows count={3} />
  const handlers = {
    controls: true,
    preload: 'metadata' as const,
    src: link.data,
    onTimeUpdate: (event: { currentTarget: HTMLMediaElement }) => {
      place.current = event.currentTarget.currentTime
    },
    onLoadedMetadata: (event: { currentTarget: HTMLMediaElement }) => {
      if (place.current) event.currentTarget.currentTime = place.current
    },
    // The link ends after a while: a new one goes on where it was. A new one that fails too is a format nobody plays.
    onError: () => {
      if (tried.current === link.data || !place.current) setFailed(true)
      else {
        tried.current = link.data
        void link.refetch()
      }
    },
  }
  return entry.mime.startsWith('audio/') ? (
    <div className={css.sound}>
      <Icon name="audio" size={56} stroke={1.2} />
      <audio {...handlers} aria-label={visible(entry.name)} />
    </div>
  ) : (
    <div className={css.picture}>
      <video {...handlers} aria-label={visible(entry.name)} />
    </div>
  )
}
