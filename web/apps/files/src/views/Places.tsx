// Where pictures were taken: their own coordinates on an outline of the continents that lies in this page. Nobody else is
// asked for a map, so nobody else learns where a person was.
import { Empty, Icon, useFormats, useSay } from '@alcove/ui'
import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { feature } from 'topojson-client'
import land from 'world-atlas/land-110m.json'
import type { Go, State } from '../state'
import { Grid, Switcher } from './Photos'
import { type Cluster, clustersOf, pointOf, SCALES, type Sight, sightOf } from './clusters'
import type { Photo } from './pictures'
import { texts } from './texts'
import css from './views.module.css'

type Ring = [number, number][]
const RINGS: Ring[] = ringsOf()

/** The coasts as rings of degrees east and north. */
function ringsOf(): Ring[] {
  const shape = feature(land as never, land.objects.land as never) as unknown as { features?: { geometry: { coordinates: Ring[][] } }[]; geometry?: { coordinates: Ring[][] } }
  const geometries = shape.features?.map(one => one.geometry) ?? (shape.geometry ? [shape.geometry] : [])
  return geometries.flatMap(geometry => geometry.coordinates.flat())
}

const STEP = 2
/** Kilometres of one degree of latitude. */
const DEGREE = 111.2
const STEPS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30]
const WIDE = 80
const LENGTHS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]
const MOVE = 60

export default function Places({ photos, state, go }: { photos: readonly Photo[]; state: State; go: Go }) {
  const say = useSay(texts)
  const formats = useFormats()
  const placed = useMemo(() => photos.filter(photo => photo.place), [photos])
  const box = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const [moved, setMoved] = useState<Sight>()
  const [chosen, setChosen] = useState<ReadonlySet<string>>()
  useLayoutEffect(() => {
    const own = box.current
    if (!own) return
    const look = () => setSize({ width: own.clientWidth, height: own.clientHeight })
    const watcher = new ResizeObserver(look)
    watcher.observe(own)
    look()
    return () => watcher.disconnect()
  }, [placed.length > 0])
  const { width, height } = size
  const all = useMemo(() => sightOf(placed.flatMap(photo => (photo.place ? [photo.place] : [])), width || 1, height || 1), [placed, width, height])
  const sight = moved ?? all
  const clusters = useMemo(() => (width ? clustersOf(placed, sight, width, height) : []), [placed, sight, width, height])
  const path = useMemo(() => (width ? pathOf(sight, width, height) : ''), [sight, width, height])
  const lines = useMemo(() => (width ? netOf(sight, width, height) : ''), [sight, width, height])
  const ruler = rulerOf(sight)
  const shown = useMemo(() => (chosen ? placed.filter(photo => chosen.has(photo.id)) : []), [placed, chosen])

  const zoom = (by: number, x = width / 2, y = height / 2) => {
    const scale = Math.max(SCALES[0], Math.min(SCALES[1], sight.scale * by))
    // The place under the pointer stays where it is.
    const [dx, dy] = [(x - width / 2) / sight.scale - (x - width / 2) / scale, (y - height / 2) / sight.scale - (y - height / 2) / scale]
    setMoved({ scale, east: sight.east + dx, north: sight.north - dy })
  }
  const move = (dx: number, dy: number) => setMoved({ ...sight, east: clamp(sight.east - dx / sight.scale, 180), north: clamp(sight.north + dy / sight.scale, 90) })
  const latest = useRef(zoom)
  latest.current = zoom
  useEffect(() => {
    const own = box.current
    if (!own) return
    const wheel = (event: WheelEvent) => {
      event.preventDefault()
      const { left, top } = own.getBoundingClientRect()
      latest.current(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top)
    }
    own.addEventListener('wheel', wheel, { passive: false })
    return () => own.removeEventListener('wheel', wheel)
  }, [placed.length > 0])
  const drag = useRef<{ x: number; y: number }>(undefined)
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if ((event.target as Element).closest('button')) return
      drag.current = { x: event.clientX, y: event.clientY }
      event.currentTarget.setPointerCapture(event.pointerId)
    },
    onPointerMove: (event: PointerEvent) => {
      if (!drag.current) return
      move(event.clientX - drag.current.x, event.clientY - drag.current.y)
      drag.current = { x: event.clientX, y: event.clientY }
    },
    onPointerUp: () => (drag.current = undefined),
    onPointerCancel: () => (drag.current = undefined),
  }
  const press = (event: KeyboardEvent) => {
    const steps: Record<string, () => void> = {
      ArrowLeft: () => move(MOVE, 0), ArrowRight: () => move(-MOVE, 0), ArrowUp: () => move(0, MOVE), ArrowDown: () => move(0, -MOVE),
      '+': () => zoom(STEP), '-': () => zoom(1 / STEP), 0: () => setMoved(undefined),
    }
    const step = steps[event.key]
    if (!step) return
    event.preventDefault()
    step()
  }
  const choose = (cluster: Cluster) => {
    setChosen(new Set(cluster.photos.map(photo => photo.id)))
    const places = cluster.photos.flatMap(photo => (photo.place ? [photo.place] : []))
    const next = sightOf(places, width, height)
    if (cluster.photos.length > 1 && next.scale > sight.scale * 1.2) setMoved({ ...next, scale: Math.min(next.scale, sight.scale * 12) })
  }
  if (!placed.length) {
    return (
      <>
        <header className={css.bar}>
          <span className={css.spread} />
          <Switcher map go={go} />
        </header>
        <Empty icon="pin" title={say('map.none')}>
          {say('map.none.more')}
        </Empty>
      </>
    )
  }
  return (
    <div className={css.places} data-chosen={shown.length > 0 || undefined}>
      <header className={css.bar}>
        <span className="muted small">{say('map.more', { without: formats.number(photos.length - placed.length) })}</span>
        <span className={css.spread} />
        <Switcher map go={go} />
      </header>
      <div ref={box} className={css.map} role="group" aria-label={say('map')} tabIndex={0} onKeyDown={press} {...handlers}>
        <svg width={width} height={height} aria-hidden="true">
          <path className={css.land} d={path} />
          <path className={css.lines} d={lines} />
        </svg>
        <span className={css.ruler} style={{ width: ruler.points }}>
          {say('map.kilometres', { length: formats.number(ruler.kilometres) })}
        </span>
        {clusters.map(cluster => (
          <button
            key={cluster.key}
            type="button"
            className={css.cluster}
            aria-label={say('map.here', { count: cluster.photos.length })}
            aria-pressed={shown.length > 0 && cluster.photos.every(photo => chosen?.has(photo.id))}
            style={{ left: cluster.x, top: cluster.y, '--size': `${28 + Math.min(28, Math.log2(cluster.photos.length) * 4)}px` } as React.CSSProperties}
            onClick={() => choose(cluster)}
          >
            {formats.number(cluster.photos.length)}
          </button>
        ))}
        <div className={css.zoom}>
          <button type="button" aria-label={say('map.in')} title={say('map.in')} onClick={() => zoom(STEP)}>
            <Icon name="plus" />
          </button>
          <button type="button" aria-label={say('map.out')} title={say('map.out')} onClick={() => zoom(1 / STEP)}>
            <Icon name="minus" />
          </button>
          <button type="button" aria-label={say('map.all')} title={say('map.all')} onClick={() => setMoved({ east: 0, north: 20, scale: Math.max(1, width / 360) })}>
            <Icon name="globe" />
          </button>
        </div>
      </div>
      {shown.length > 0 ? (
        <div className={css.below}>
          <Grid photos={shown} reading={false} state={state} go={go} />
        </div>
      ) : (
        <p className={`muted small ${css.hint}`}>{say('map.choose')}</p>
      )}
    </div>
  )
}

const clamp = (value: number, most: number) => Math.max(-most, Math.min(most, value))

/** Lines of equal latitude and longitude: where no coast is in sight, they still tell how far one has moved. */
function netOf(sight: Sight, width: number, height: number): string {
  const step = STEPS.find(one => one * sight.scale >= WIDE) ?? 30
  const [east, north] = [width / 2 / sight.scale, height / 2 / sight.scale]
  const parts: string[] = []
  for (let at = Math.ceil((sight.east - east) / step); at * step <= sight.east + east; at += 1) parts.push(`M${Math.round(width / 2 + (at * step - sight.east) * sight.scale)} 0v${height}`)
  for (let at = Math.ceil((sight.north - north) / step); at * step <= sight.north + north; at += 1) parts.push(`M0 ${Math.round(height / 2 - (at * step - sight.north) * sight.scale)}h${width}`)
  return parts.join('')
}

/** A round length and how many points it takes, from north to south. */
function rulerOf(sight: Sight): { points: number; kilometres: number } {
  const kilometres = LENGTHS.find(one => (one / DEGREE) * sight.scale >= 60) ?? 5000
  return { kilometres, points: (kilometres / DEGREE) * sight.scale }
}

/** The coasts that are seen, as a path. */
function pathOf(sight: Sight, width: number, height: number): string {
  const parts: string[] = []
  for (const ring of RINGS) {
    const points = ring.map(([east, north]) => pointOf([north, east], sight, width, height))
    const seen = points.some(([x, y]) => x > -width && y > -height && x < 2 * width && y < 2 * height) || sight.scale > 20
    if (seen) parts.push(`M${points.map(([x, y]) => `${Math.round(clamp(x, 1e5))} ${Math.round(clamp(y, 1e5))}`).join('L')}Z`)
  }
  return parts.join('')
}
