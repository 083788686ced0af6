// The list of a folder, as rows or as pictures: only what is seen exists. Mouse, keyboard and touch choose, open, rename
// and drag here; what is then done is the page's.
import { bringIntoSight, bringsFiles, Icon, Name, useFormats, useSay, useWhole, visible } from '@alcove/ui'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type DragEvent, type KeyboardEvent, memo, type MouseEvent, type ReactNode, type Ref, useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react'
import { carried, carry } from './carrying'
import css from './files.module.css'
import { type Column, type Entry, kindOf, type Order } from './model'
import { Picture } from './Picture'
import type { Selecting } from './selection'
import { texts } from './texts'

export interface EntriesHandle {
  focus: () => void
  press: (key: string) => void
  /** Brings the active entry into sight, wherever it stands next. */
  reveal: () => void
}

interface Props {
  entries: readonly Entry[]
  /** An entry of the list, by its id. */
  get: (id: string) => Entry | undefined
  /** How many there will be once all are read. */
  count: number
  label: string
  grid: boolean
  order: Order
  sort: (by: Column) => void
  selection: Selecting
  /** The entry whose name is being changed. */
  renaming: string | undefined
  rename: (entry: Entry, name: string | undefined) => void
  open: (entry: Entry) => void
  menu: (entry: Entry, at: { x: number; y: number }) => void
  /** Things of this page were dropped on a folder of the list. */
  drop: (entries: readonly Entry[], folder: Entry) => void
  /** Dragging things of this page began, or is over. */
  drag: (on: boolean) => void
  /** Files from outside hover over a folder of the list, or over none. */
  hover: (folder: Entry | undefined) => void
  /** In the trash nothing is opened, renamed or dragged; the third column says where things were. */
  trash?: boolean
  foot?: ReactNode
  handle: Ref<EntriesHandle>
}

const ROW = 46
const ROW_TOUCH = 56
const TILE = 168
const TILE_HEIGHT = 172
const HEAD = 34
const AHEAD = 4

const touch = () => matchMedia('(pointer: coarse)').matches
/** Where rows have one column: the style sheet says the same width. */
const narrowPage = () => matchMedia('(max-width: 760px)').matches

export function Entries(props: Props) {
  const { entries, get, count, label, grid, order, sort, selection, renaming, rename, open, menu, drop, drag, hover, trash = false, foot, handle } = props
  const say = useSay(texts)
  const scroller = useRef<HTMLDivElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [over, setOver] = useState<string>()
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const watcher = new ResizeObserver(() => setWidth(element.clientWidth))
    watcher.observe(element)
    setWidth(element.clientWidth)
    return () => watcher.disconnect()
  }, [])
  const narrow = narrowPage()
  const columns = grid ? Math.max(2, Math.floor((width - 24) / TILE)) : 1
  const height = grid ? TILE_HEIGHT : touch() ? ROW_TOUCH : ROW
  const virtual = useVirtualizer({
    count: Math.ceil(count / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: grid ? 3 : AHEAD,
    scrollPaddingStart: HEAD,
    paddingStart: grid ? 8 : 0,
    scrollMargin: HEAD,
  })
  useEffect(() => {
    virtual.measure()
  }, [virtual, height, columns])

  // Found by what it is, not by its id: twenty thousand ids are not compared at every key.
  const find = (id: string | undefined) => {
    const entry = id === undefined ? undefined : get(id)
    return entry ? entries.indexOf(entry) : -1
  }
  const show = (at: number) => bringIntoSight(virtual, Math.floor(at / columns))
  const named = (target: EventTarget): Entry | undefined => {
    const id = (target as Element).closest<HTMLElement>('[data-id]')?.dataset.id
    return id === undefined ? undefined : get(id)
  }

  // What was opened before is in sight when one comes back.
  const seen = useRef<string>(undefined)
  useEffect(() => {
    if (seen.current === selection.active || selection.active === undefined) return
    seen.current = selection.active
    const at = find(selection.active)
    if (at >= 0) show(at)
  })

  const go = (to: number, extend: boolean, keep: boolean) => {
    const entry = entries[Math.max(0, Math.min(to, entries.length - 1))]
    if (!entry) return
    if (extend) selection.range(entry.id)
    else if (keep) selection.walk(entry.id)
    else selection.only(entry.id)
    show(find(entry.id))
  }
  const press = (key: string, { shift = false, mod = false } = {}): boolean => {
    const at = find(selection.active)
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1) * columns
    const steps: Record<string, number | undefined> = {
      ArrowDown: at < 0 ? 0 : at + columns,
      ArrowUp: at < 0 ? entries.length - 1 : at - columns,
      ArrowRight: grid ? at + 1 : undefined,
      ArrowLeft: grid ? Math.max(at - 1, 0) : undefined,
      PageDown: Math.max(at, 0) + page,
      PageUp: at - page,
      Home: 0,
      End: entries.length - 1,
    }
    const to = steps[key]
    if (to !== undefined) {
      // Beyond the last row there is nothing: the choice stays in its column.
      if (grid && to < 0 && key === 'ArrowUp') return true
      go(to, shift, mod)
      return true
    }
    const active = entries[at]
    if (key === ' ' && active) {
      selection.toggle(active.id)
      return true
    }
    if (key === 'Enter' && active && !mod) {
      open(active)
      return true
    }
    if (key === 'a' && mod) {
      selection.all()
      return true
    }
    return false
  }
  useImperativeHandle(handle, () => ({
    focus: () => box.current?.focus({ preventScroll: true }),
    press: key => {
      box.current?.focus({ preventScroll: true })
      press(key)
    },
    reveal: () => {
      seen.current = undefined
    },
  }))
  const keyDown = (event: KeyboardEvent) => {
    if (event.target !== box.current) return
    const mod = event.ctrlKey || event.metaKey
    if ((event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) && selection.active) {
      const place = document.getElementById(`entry-${selection.active}`)?.getBoundingClientRect()
      const entry = entries[find(selection.active)]
      if (place && entry) menu(entry, { x: place.left + 60, y: place.bottom })
      event.preventDefault()
      return
    }
    if (event.altKey || !press(event.key, { shift: event.shiftKey, mod })) return
    event.preventDefault()
  }

  /** The entry that the pointer means: while the list moves rows hear nothing of it, and its place says which. */
  const meant = (event: MouseEvent): Entry | undefined => {
    const place = box.current?.getBoundingClientRect()
    if (!virtual.isScrolling || !place) return named(event.target)
    const row = virtual.getVirtualItemForOffset(event.clientY - place.top)?.index ?? 0
    return entries[row * columns + Math.min(columns - 1, Math.floor(((event.clientX - place.left) * columns) / place.width))]
  }
  const click = (event: MouseEvent) => {
    const entry = meant(event)
    const part = (event.target as Element).closest<HTMLElement>('[data-part]')?.dataset.part
    if (part === 'field') return
    if (!entry) {
      if (event.target === box.current || event.target === scroller.current) selection.none()
      return
    }
    box.current?.focus({ preventScroll: true })
    if (part === 'more') {
      const place = (event.target as Element).getBoundingClientRect()
      if (!selection.chosen.has(entry.id)) selection.only(entry.id)
      menu(entry, { x: place.right, y: place.bottom })
    } else if (event.shiftKey) selection.range(entry.id, event.ctrlKey || event.metaKey)
    else if (part === 'check' || event.ctrlKey || event.metaKey) selection.toggle(entry.id)
    else if (touch()) {
      if (selection.chosen.size) selection.toggle(entry.id)
      else open(entry)
    } else selection.only(entry.id)
  }
  const doubleClick = (event: MouseEvent) => {
    const entry = meant(event)
    if (entry && !(event.target as Element).closest('[data-part]') && !touch()) open(entry)
  }
  const contextMenu = (event: MouseEvent) => {
    const entry = meant(event)
    if (!entry || (event.target as Element).closest('[data-part=field]')) return
    event.preventDefault()
    if (!selection.chosen.has(entry.id)) selection.only(entry.id)
    menu(entry, { x: event.clientX, y: event.clientY })
  }

  const dragStart = (event: DragEvent) => {
    const entry = named(event.target)
    if (!entry || trash) return event.preventDefault()
    const going = selection.chosen.has(entry.id) ? selection.entries : [entry]
    if (!selection.chosen.has(entry.id)) selection.only(entry.id)
    carry(event, going, going.length === 1 ? visible(entry.name) : say('selected', { count: going.length }))
    // Not before the browser has taken the drag: a page that changes meanwhile ends it.
    setTimeout(() => drag(true))
  }
  /** The folder under the pointer that could take what is dragged. */
  const taker = (event: DragEvent): Entry | undefined => {
    const entry = named(event.target)
    if (!entry?.folder || trash) return undefined
    const going = carried(event)
    return going?.some(one => one.id === entry.id) ? undefined : entry
  }
  const dragOver = (event: DragEvent) => {
    const folder = taker(event)
    setOver(folder?.id)
    if (bringsFiles(event)) hover(folder)
    else if (folder && carried(event)) event.preventDefault()
  }
  const dropped = (event: DragEvent) => {
    const folder = taker(event)
    const going = carried(event)
    setOver(undefined)
    if (!folder || !going) return
    event.preventDefault()
    drop(going, folder)
  }

  // The same for every row as long as the list is there, so that a row is drawn anew only when it changed itself.
  const latest = useRef(rename)
  useEffect(() => {
    latest.current = rename
  })
  const renamed = useCallback((entry: Entry, name: string | undefined) => latest.current(entry, name), [])

  const shown = virtual.getVirtualItems()
  const from = (shown[0]?.index ?? 0) * columns
  const to = ((shown.at(-1)?.index ?? -1) + 1) * columns
  const whole = useWhole(entries.slice(from, to).map(entry => entry.id))
  const activeSeen = selection.active !== undefined && entries.slice(from, to).some(entry => entry.id === selection.active)
  return (
    <div ref={scroller} className={css.scroller} data-grid={grid || undefined} onClick={click} onDoubleClick={doubleClick} onContextMenu={contextMenu}>
      <div
        ref={box}
        className={css.box}
        role="grid"
        aria-label={label}
        aria-multiselectable="true"
        aria-rowcount={Math.ceil(count / columns) + 1}
        aria-colcount={grid ? columns : trash ? 5 : 6}
        aria-activedescendant={activeSeen ? `entry-${selection.active}` : undefined}
        tabIndex={0}
        onKeyDown={keyDown}
        onDragStart={dragStart}
        onDragOver={dragOver}
        onDragLeave={() => {
          setOver(undefined)
          hover(undefined)
        }}
        onDrop={dropped}
        onDragEnd={() => drag(false)}
        style={{ height: virtual.getTotalSize() + HEAD, pointerEvents: virtual.isScrolling ? 'none' : undefined }}
      >
        <Columns order={order} sort={sort} trash={trash} all={entries.length > 0 && selection.entries.length === entries.length} choose={() => (selection.entries.length === entries.length ? selection.none() : selection.all())} />
        {shown.map(row => {
          const from = row.index * columns
          const style = grid || !entries[from] ? { height, top: row.start } : undefined
          if (grid) {
            return (
              <div key={row.key} role="row" aria-rowindex={row.index + 2} className={css.tiles} style={{ ...style, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
                {Array.from({ length: Math.min(columns, count - from) }, (_, at) => {
                  const entry = entries[from + at]
                  return entry ? <Tile key={entry.id} entry={entry} place={at + 1} whole={whole(entry.id)} chosen={selection.chosen.has(entry.id)} active={entry.id === selection.active} over={entry.id === over} renaming={renaming === entry.id} rename={renamed} trash={trash} /> : <div key={at} role="gridcell" className={css.tileToCome} />
                })}
              </div>
            )
          }
          const entry = entries[from]
          return entry ? (
            <Row key={entry.id} entry={entry} place={from + 2} start={row.start} height={height} narrow={narrow} whole={whole(entry.id)} chosen={selection.chosen.has(entry.id)} active={entry.id === selection.active} over={entry.id === over} renaming={renaming === entry.id} rename={renamed} trash={trash} />
          ) : (
            <div key={row.key} role="row" aria-rowindex={from + 2} className={css.rowToCome} style={style}>
              <span role="gridcell" />
            </div>
          )
        })}
      </div>
      {foot}
    </div>
  )
}

function Columns({ order, sort, trash, all, choose }: { order: Order; sort: (by: Column) => void; trash: boolean; all: boolean; choose: () => void }) {
  const say = useSay(texts)
  const head = (by: Column, name: string) => (
    <span role="columnheader" className={css[by]} aria-sort={order.by === by ? (order.down ? 'descending' : 'ascending') : 'none'}>
      <button type="button" onClick={() => sort(by)}>
        {name}
        {order.by === by && <Icon name={order.down ? 'down' : 'up'} size={12} stroke={2} />}
      </button>
    </span>
  )
  return (
    <div role="row" aria-rowindex={1} className={`${css.row} ${css.columns}`}>
      <span role="columnheader" className={css.check}>
        <input type="checkbox" aria-label={say('select.all')} checked={all} onChange={choose} />
      </span>
      {head('name', say('column.name'))}
      {trash ? <span role="columnheader" className={css.kind}>{say('column.from')}</span> : head('kind', say('column.kind'))}
      {head('updated', say('column.updated'))}
      {head('size', say('column.size'))}
      <span role="columnheader" className={css.more}>
        <span className="unseen">{say('more')}</span>
      </span>
    </div>
  )
}

interface One {
  entry: Entry
  place: number
  chosen: boolean
  active: boolean
  over: boolean
  renaming: boolean
  rename: (entry: Entry, name: string | undefined) => void
  trash: boolean
  /** False while only its name is worth the time. */
  whole: boolean
}

const Row = memo(function Row({ entry, place, chosen, active, over, renaming, rename, trash, whole, start, height, narrow }: One & { start: number; height: number; narrow: boolean }) {
  const say = useSay(texts)
  const formats = useFormats()
  const name = visible(entry.name)
  return (
    <div id={`entry-${entry.id}`} data-id={entry.id} role="row" aria-rowindex={place} aria-selected={chosen} className={css.row} data-chosen={chosen || undefined} data-active={active || undefined} data-over={over || undefined} data-brief={!whole || undefined} draggable={!trash && !renaming} style={{ height, top: start }}>
      {whole && (
        <span role="gridcell" className={css.check} data-part="check" title={say('select.one', { name })}>
          <i className={css.tick} aria-hidden="true" />
        </span>
      )}
      <span role="gridcell" className={css.name}>
        {whole && <Picture entry={entry} size="tiny" />}
        {renaming ? (
          <Field entry={entry} rename={rename} />
        ) : (
          <span className={css.words}>
            <Name of={entry.name} />
            {narrow && whole && (
              <span className="small muted num">
                {[formats.moment(entry.updated), entry.folder ? '' : formats.size(entry.size)].filter(Boolean).join(' · ')}
              </span>
            )}
          </span>
        )}
      </span>
      {whole && (
        <>
          <span role="gridcell" className={`muted ${css.kind} ${trash ? css.from : ''}`}>
            {trash ? <bdi>{visible(entry.from ?? '/')}</bdi> : say(`kind.${kindOf(entry)}`)}
          </span>
          <span role="gridcell" className={`muted num ${css.updated}`}>
            {entry.updated && formats.moment(entry.updated)}
          </span>
          <span role="gridcell" className={`muted num ${css.size}`}>
            {entry.folder ? '' : formats.size(entry.size)}
          </span>
          <span role="gridcell" className={css.more}>
            <More name={name} />
          </span>
        </>
      )}
    </div>
  )
})

/** Plain: a hundred of them are drawn while one scrolls. */
function More({ name }: { name: string }) {
  const say = useSay(texts)
  return (
    <button type="button" tabIndex={-1} data-part="more" className={css.dots} aria-label={say('more.of', { name })}>
      ⋯
    </button>
  )
}

const Tile = memo(function Tile({ entry, place, chosen, active, over, renaming, rename, trash, whole }: One) {
  const say = useSay(texts)
  const name = visible(entry.name)
  return (
    <div id={`entry-${entry.id}`} data-id={entry.id} role="gridcell" aria-colindex={place} aria-selected={chosen} className={css.tile} data-chosen={chosen || undefined} data-active={active || undefined} data-over={over || undefined} draggable={!trash && !renaming}>
      {whole ? <Picture entry={entry} size="small" large /> : <span className={css.cover} />}
      {whole && (
        <>
          <span className={css.tileCheck} data-part="check" title={say('select.one', { name })}>
            <i className={css.tick} aria-hidden="true" />
          </span>
          <span className={css.tileMore}>
            <More name={name} />
          </span>
        </>
      )}
      {renaming ? <Field entry={entry} rename={rename} /> : <Name of={entry.name} />}
    </div>
  )
})

/** The name being changed: what stands before its extension is marked at first. */
function Field({ entry, rename }: { entry: Entry; rename: (entry: Entry, name: string | undefined) => void }) {
  const say = useSay(texts)
  const field = useRef<HTMLInputElement>(null)
  const over = useRef(false)
  useEffect(() => {
    const dot = entry.folder ? -1 : entry.name.lastIndexOf('.')
    field.current?.focus()
    field.current?.setSelectionRange(0, dot > 0 ? dot : entry.name.length)
  }, [entry.id])
  const end = (name: string | undefined) => {
    if (over.current) return
    over.current = true
    rename(entry, name)
  }
  return (
    <input
      ref={field}
      className={css.field}
      data-part="field"
      dir="auto"
      aria-label={say('rename.label', { name: visible(entry.name) })}
      defaultValue={entry.name}
      autoComplete="off"
      spellCheck={false}
      onKeyDown={event => {
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter') end(event.currentTarget.value)
        else if (event.key === 'Escape') end(undefined)
        else return
        event.preventDefault()
        event.stopPropagation()
      }}
      onBlur={event => end(event.currentTarget.value)}
    />
  )
}
