// Looking at one shared file: a picture, a film, a sound, a text, or what it is and how to have it.
import { type FileResource, useClient } from '@alcove/client'
import { Button, Failure, Icon, Over, Rows, useFormats, useSay, visible } from '@alcove/ui'
import { useQuery } from '@tanstack/react-query'
import { type TouchEvent, useEffect, useRef, useState } from 'react'
import { drawn, entryOf, iconOf, shownAs } from '../model'
import { isPicture } from '../Picture'
import { TEXT_MOST, textIn } from '../preview'
import css from './public.module.css'
import { texts } from './texts'

/** How far a finger goes before it means the next one. */
const SWIPE = 60

export const asAttachment = (address: string) => `${address}${address.includes('?') ? '&' : '?'}Dl=1`

export function useDownload() {
  const { files } = useClient()
  return async (file: FileResource) => {
    const folder = file.attributes.type === 'directory'
    const address = folder ? await files.archive(file.attributes.name || 'files', [file.id]) : asAttachment(await files.link(file.id))
    window.location.assign(address)
  }
}

/** A file that is shared alone: it is the page. */
export function Lone({ file }: { file: FileResource }) {
  const say = useSay(texts)
  const formats = useFormats()
  const download = useDownload()
  return (
    <main className={css.main}>
      <header className={css.head}>
        <h1>
          <bdi>{visible(file.attributes.name)}</bdi>
        </h1>
        <span className="muted num">{formats.size(Number(file.attributes.size ?? 0))}</span>
        <Button variant="filled" leftSection={<Icon name="download" />} onClick={() => void download(file)}>
          {say('download')}
        </Button>
      </header>
      <div className={css.stage}>
        <Body file={file} />
      </div>
    </main>
  )
}

interface LookProps {
  file: FileResource
  around: readonly FileResource[]
  go: (file: FileResource) => void
  close: () => void
}

/** A file of a folder, over the page, with those around it. */
export function Look({ file, around, go, close }: LookProps) {
  const say = useSay(texts)
  const download = useDownload()
  const at = around.indexOf(file)
  const touched = useRef<number>(undefined)
  const step = (by: number) => {
    const next = around[at + by]
    if (next) go(next)
  }
  const latest = useRef({ step, close })
  latest.current = { step, close }
  // Heard by the page: the button that had the keyboard may be gone with the file before.
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || /^(VIDEO|AUDIO)$/.test((event.target as HTMLElement).tagName)) return
      if (event.key === 'ArrowLeft') latest.current.step(-1)
      if (event.key === 'ArrowRight') latest.current.step(1)
      if (event.key === 'Escape') latest.current.close()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
  const lift = (event: TouchEvent) => {
    const moved = (event.changedTouches[0]?.clientX ?? 0) - (touched.current ?? 0)
    if (touched.current !== undefined && Math.abs(moved) > SWIPE) step(moved < 0 ? 1 : -1)
    touched.current = undefined
  }
  const name = visible(file.attributes.name)
  return (
    <Over label={name} close={close}>
      <div className={css.lookHead}>
        <Button variant="subtle" px={8} aria-label={say('back')} onClick={close} data-autofocus>
          <Icon name="left" />
        </Button>
        <b>
          <bdi>{name}</bdi>
        </b>
        {at > 0 && (
          <Button variant="subtle" px={8} aria-label={say('before')} onClick={() => step(-1)}>
            <Icon name="up" />
          </Button>
        )}
        {at < around.length - 1 && (
          <Button variant="subtle" px={8} aria-label={say('after')} onClick={() => step(1)}>
            <Icon name="down" />
          </Button>
        )}
        <Button variant="subtle" px={8} aria-label={say('download.of', { name })} onClick={() => void download(file)}>
          <Icon name="download" />
        </Button>
      </div>
      <div
        className={css.stage}
        onTouchStart={event => {
          touched.current = event.touches.length === 1 ? event.touches[0]?.clientX : undefined
        }}
        onTouchEnd={lift}
      >
        <Body key={file.id} file={file} />
      </div>
    </Over>
  )
}

function Body({ file }: { file: FileResource }) {
  const entry = entryOf(file)
  const { files } = useClient()
  const how = shownAs(entry)
  const [failed, setFailed] = useState(false)
  const link = useQuery({ queryKey: ['shared', 'link', file.id], queryFn: () => files.link(file.id), staleTime: 480_000 })
  const text = how === 'text' || how === 'markdown'
  const said = useQuery({
    queryKey: ['shared', 'text', file.id],
    queryFn: async ({ signal }) => textIn(await files.bytes(file.id, 0, Math.max(1, Math.min(entry.size, TEXT_MOST)), signal)) ?? '',
    enabled: text && entry.size > 0,
  })
  if (link.isPending || (text && said.isLoading)) return <Rows count={4} />
  if (link.isError) return <Failure error={link.error} again={() => void link.refetch()} />
  const name = visible(entry.name)
  if (failed) return <Otherwise file={file} link={link.data} />
  if (how === 'image' && drawn(entry)) return <img className={css.whole} src={link.data} alt={name} onError={() => setFailed(true)} />
  if (how === 'video') return <video className={css.whole} src={link.data} controls playsInline aria-label={name} onError={() => setFailed(true)} />
  if (how === 'audio') return <audio className={css.sound} src={link.data} controls aria-label={name} onError={() => setFailed(true)} />
  if (text && said.data) {
    return (
      <pre className={css.text} dir="auto" tabIndex={0}>
        {said.data}
      </pre>
    )
  }
  return <Otherwise file={file} link={link.data} />
}

/** What cannot be shown here: its first page or thumbnail, and the ways to have it. */
function Otherwise({ file, link }: { file: FileResource; link: string }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { files } = useClient()
  const download = useDownload()
  const [small, setSmall] = useState(true)
  const entry = entryOf(file)
  const thumbnail = entry.pictures?.large && files.picture(entry.pictures.large, entry.mark)
  const pdf = shownAs(entry) === 'pdf'
  return (
    <div className={css.otherwise}>
      {thumbnail && small ? (
        <img className={css.first} src={thumbnail} alt="" onLoad={event => setSmall(isPicture(event.currentTarget))} onError={() => setSmall(false)} />
      ) : (
        <Icon name={iconOf(entry)} size={64} stroke={1.2} />
      )}
      {!pdf && !thumbnail && <p className="muted">{say('nothing')}</p>}
      <div className={css.acts}>
        {pdf && (
          <Button component="a" href={link} target="_blank" rel="noreferrer" leftSection={<Icon name="file" />}>
            {say('open.whole')}
          </Button>
        )}
        <Button variant="filled" leftSection={<Icon name="download" />} onClick={() => void download(file)}>
          {say('download')} · {formats.size(entry.size)}
        </Button>
      </div>
    </div>
  )
}
