// Pictures by day: a grid of which only what is seen exists, so that twenty thousand scroll as twenty do.
import { useClient } from '@alcove/client'
import { Button, Empty, Failure, Icon, Rows, useFormats, useSay, visible } from '@alcove/ui'
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { type KeyboardEvent, lazy, memo, type MouseEvent, Suspense, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Entry } from '../model'
import { isPicture } from '../Picture'
import { Preview } from '../Preview'
import type { Go, State } from '../state'
import { useVerbs } from '../verbs'
import { type Line, linesOf, type Photo, usePhotos, useThumbnails, yearsOf } from './pictures'
import { Months, Years } from './Years'
import { texts } from './texts'
import css from './views.module.css'

const Places = lazy(() => import('./Places'))

/** Points of a tile at the least; three stand beside one another on a telephone. */
const TILE = 136
const GAP = 4
const HEAD = 44
/** Lines beyond those that are there whose thumbnails are looked up already. */
const AHEAD = 10

export function Photos({ state, go }: { state: State; go: Go }) {
  const say = useSay(texts)
  const { photos, reading, error, again } = usePhotos()
  const map = state.view === 'grid'
  if (error && !photos.length) return <Failure error={error} again={again} />
  if (!photos.length && reading) return <Rows count={8} />
  if (!photos.length) {
    return (
      <Empty icon="image" title={say('photos.none')}>
        {say('photos.none.more')}
      </Empty>
    )
  }
  return (
    <>
      {map ? (
        <Suspense fallback={<Rows count={6} />}>
          <Places photos={photos} state={state} go={go} />
        </Suspense>
      ) : (
        <Grid photos={photos} reading={reading} state={state} go={go} switcher={<Switcher map={map} go={go} />} />
      )}
    </>
  )
}

export function Switcher({ map, go }: { map: boolean; go: Go }) {
  const say = useSay(texts)
  return (
    <Button variant="subtle" leftSection={<Icon name={map ? 'grid' : 'pin'} />} onClick={() => go({ view: map ? undefined : 'grid' }, { replace: true })}>
      {say(map ? 'photos.days' : 'photos.map')}
    </Button>
  )
}

interface GridProps {
  photos: readonly Photo[]
  reading: boolean
  state: State
  go: Go
  switcher?: React.ReactNode
}

export function Grid({ photos, reading, state, go, switcher }: GridProps) {
  const say = useSay(texts)
  const formats = useFormats()
  const verbs = useVerbs()
  const scroller = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const box = scroller.current
    if (!box) return
    const watcher = new ResizeObserver(() => setWidth(box.clientWidth))
    watcher.observe(box)
    setWidth(box.clientWidth)
    return () => watcher.disconnect()
  }, [])
  const columns = Math.max(3, Math.floor((width + GAP) / (TILE + GAP)))
  const tile = Math.max(40, Math.floor((width - 2 * GAP - (columns - 1) * GAP) / columns))
  const lines = useMemo(() => linesOf(photos, columns), [photos, columns])
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: at => ('day' in (lines[at] as object) ? HEAD : tile + GAP),
    overscan: 3,
  })
  useEffect(() => {
    virtual.measure()
  }, [tile, virtual])
  const rows = virtual.getVirtualItems()
  const seen = photosIn(lines, rows[0]?.index ?? 0, rows.at(-1)?.index ?? -1)
  const entryOf = useThumbnails([...seen, ...coming(lines, rows, virtual.scrollDirection)])
  const years = useMemo(() => yearsOf(lines), [lines])
  const total = virtual.getTotalSize()
  const yearPlaces = useMemo(() => years.map(({ at }) => (virtual.measurementsCache[at]?.start ?? 0) / (total || 1)), [years, total, virtual])
  const jump = useCallback((at: number) => virtual.scrollToIndex(at, { align: 'start' }), [virtual])
  const places = useMemo(() => new Map(photos.map((photo, at) => [photo.id, at])), [photos])
  const around = useMemo(() => photos.map(photo => photo.entry), [photos])
  const [active, setActive] = useState<string>()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const anchor = useRef<string>(undefined)
  const living = [...chosen].filter(id => places.has(id))

  const toggle = (id: string, range: boolean) => {
    const next = new Set(chosen)
    const [from, to] = [places.get(anchor.current ?? '') ?? -1, places.get(id) ?? -1]
    if (range && from >= 0) for (let at = Math.min(from, to); at <= Math.max(from, to); at += 1) next.add(photos[at]?.id ?? '')
    else if (!next.delete(id)) next.add(id)
    anchor.current = id
    setActive(id)
    setChosen(next)
  }
  const open = (id: string) => {
    setActive(id)
    go({ file: id })
  }
  const click = (event: MouseEvent, id: string) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || living.length) toggle(id, event.shiftKey)
    else open(id)
  }
  const latest = useRef<Acts>({ click, toggle })
  latest.current = { click, toggle }
  const acts = useMemo<Acts>(() => ({ click: (event, id) => latest.current.click(event, id), toggle: (id, range) => latest.current.toggle(id, range) }), [])
  const lineAt = (at: number) => lines.findIndex(line => 'photos' in line && line.photos.includes(photos[at] as Photo))
  const press = (event: KeyboardEvent) => {
    const at = places.get(active ?? '') ?? -1
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -photos.length, End: photos.length }
    const by = steps[event.key]
    if (by !== undefined) {
      const from = at >= 0 ? at + by : event.key === 'End' ? photos.length - 1 : 0
      const next = Math.max(0, Math.min(photos.length - 1, from))
      setActive(photos[next]?.id)
      virtual.scrollToIndex(lineAt(next))
    } else if (event.key === 'Enter' && active) open(active)
    else if (event.key === ' ' && active) toggle(active, event.shiftKey)
    else if (event.key === 'Escape' && living.length) setChosen(new Set())
    else if (event.key === 'Delete' && entries.length) void throwAway()
    else return
    event.preventDefault()
  }
  const entries: Entry[] = living.flatMap(id => photos[places.get(id) ?? -1]?.entry ?? [])
  const throwAway = async () => {
    setChosen(new Set())
    await verbs.trash(entries)
  }
  return (
    <>
      <header className={css.bar} data-some={entries.length > 0 || undefined}>
        {entries.length > 0 ? (
          <>
            <Button variant="subtle" px={8} aria-label={say('select.none')} onClick={() => setChosen(new Set())}>
              <Icon name="cross" />
            </Button>
            <b>{say('selected', { count: entries.length })}</b>
            <span className={css.spread} />
            <Button variant="subtle" px={8} leftSection={<Icon name="download" />} onClick={() => void verbs.download(entries)}>
              {say('download')}
            </Button>
            <Button variant="subtle" px={8} leftSection={<Icon name="star" />} onClick={() => void verbs.favor(entries, true)}>
              {say('favorite')}
            </Button>
            <Button variant="subtle" px={8} leftSection={<Icon name="trash" />} onClick={() => void throwAway()}>
              {say('trash')}
            </Button>
          </>
        ) : (
          <>
            <span className="muted num">{[say('photos.count', { count: photos.length }), reading && say('photos.reading', { count: photos.length })].filter(Boolean).join(' · ')}</span>
            <span className={css.spread} />
            <Months years={years} go={jump} />
            {switcher}
          </>
        )}
      </header>
      <div className={css.stage}>
        <div ref={scroller} className={css.grid} data-some={entries.length > 0 || undefined}>
          <div className={css.box} style={{ height: total }} role="listbox" aria-multiselectable="true" aria-label={say('photos')} tabIndex={0} aria-activedescendant={active && seen.some(one => one.id === active) ? `photo-${active}` : undefined} onKeyDown={press}>
            {rows.map(row => {
              const line = lines[row.index]
              if (!line) return null
              const style = { height: row.size, transform: `translateY(${row.start}px)` }
              return 'day' in line ? (
                <div key={`day-${line.day}`} role="presentation" className={css.day} style={style}>
                  <b>{formats.day(line.day, { opened: true, year: true })}</b> <span className="muted num">{line.count}</span>
                </div>
              ) : (
                <div key={line.photos[0]?.id} role="presentation" className={css.line} style={style}>
                  {line.photos.map(photo => (
                    <Tile
                      key={photo.id}
                      photo={photo}
                      entry={entryOf(photo)}
                      size={tile}
                      active={photo.id === active}
                      chosen={chosen.has(photo.id)}
                      acts={acts}
                    />
                  ))}
                </div>
              )
            })}
          </div>
        </div>
        {switcher && <Years years={years} places={yearPlaces} go={jump} />}
      </div>
      {state.file && (
        <Preview
          id={state.file}
          entry={around[places.get(state.file) ?? -1]}
          around={around}
          verbs={verbs}
          close={() => go({ file: undefined })}
          go={entry => {
            setActive(entry.id)
            go({ file: entry.id }, { replace: true })
          }}
          info={() => {
            const entry = around[places.get(state.file ?? '') ?? -1]
            if (entry) go({ show: undefined, folder: entry.parent, file: entry.id, info: '1' })
          }}
          trash={entry => {
            const at = places.get(entry.id) ?? -1
            go({ file: (photos[at + 1] ?? photos[at - 1])?.id }, { replace: true })
            void verbs.trash([entry])
          }}
        />
      )}
    </>
  )
}

function photosIn(lines: readonly Line[], first: number, last: number): Photo[] {
  return lines.slice(first, last + 1).flatMap(line => ('photos' in line ? line.photos : []))
}

/** What comes into sight next, when the grid goes on moving as it does. */
function coming(lines: readonly Line[], rows: readonly VirtualItem[], way: 'forward' | 'backward' | null): Photo[] {
  const [first, last] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? 0]
  return way === 'backward' ? photosIn(lines, Math.max(0, first - AHEAD), first - 1).reverse() : photosIn(lines, last + 1, last + AHEAD)
}

interface TileProps {
  photo: Photo
  entry: Entry
  size: number
  active: boolean
  chosen: boolean
  acts: Acts
}

/** What a tile does: the same object for all of them, so that those that stay are not drawn anew while the grid moves. */
interface Acts {
  click: (event: MouseEvent, id: string) => void
  toggle: (id: string, range: boolean) => void
}

/** How long a tile must stay in sight before a sharper picture of it is asked for, in milliseconds. */
const REST = 250

/** A picture: its smallest thumbnail at once, a sharper one over it when it stays in sight. */
const Tile = memo(function Tile({ photo, entry, size, active, chosen, acts }: TileProps) {
  const say = useSay(texts)
  const formats = useFormats()
  const { files } = useClient()
  const [rests, setRests] = useState(false)
  const [there, setThere] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setRests(true), REST)
    return () => clearTimeout(timer)
  }, [])
  const label = useMemo(() => say('photo.of', { name: visible(photo.entry.name), day: formats.shortDay(photo.day) }), [say, formats, photo])
  // What was not drawn yet is asked for again when it is told that it was; what is shown stays.
  const turn = useRef(entry.turn)
  if (!there) turn.current = entry.turn
  const address = (link: string | undefined) => link && `${files.picture(link, entry.mark)}${turn.current ? `&${turn.current}` : ''}`
  const tiny = address(entry.pictures?.tiny)
  const small = rests && there ? address(entry.pictures?.small) : undefined
  return (
    <div id={`photo-${photo.id}`} role="option" aria-selected={chosen} aria-label={label} className={css.tile} data-active={active || undefined} style={{ width: size, height: size }} onClick={event => acts.click(event, photo.id)}>
      {!there && <Icon name="image" size={28} stroke={1.2} />}
      {tiny && <img src={tiny} alt="" decoding="async" data-there={there || undefined} onLoad={event => setThere(isPicture(event.currentTarget))} />}
      {small && <img src={small} alt="" decoding="async" data-there="" />}
      <span
        className={css.check}
        aria-hidden="true"
        onClick={event => {
          event.stopPropagation()
          acts.toggle(photo.id, event.shiftKey)
        }}
      >
        <Icon name="check" size={14} stroke={2.4} />
      </span>
    </div>
  )
})
