// A long list: only the rows that are seen exist, headings stay above their rows, and the keyboard moves the choice.
import { useVirtualizer, defaultRangeExtractor, type Range } from '@tanstack/react-virtual'
import { type KeyboardEvent, type MouseEvent, type ReactNode, useCallback, useEffect, useImperativeHandle, useMemo, useRef, useState, useTransition, type Ref } from 'react'
import css from './list.module.css'
import { bringIntoSight } from './sight'
import { useWhole } from './whole'

export interface ListHandle {
  /** Moves the choice to the row that is `by` rows further, headings aside. */
  move(by: number): void
  focus(): void
}

export interface ListProps<T> {
  items: readonly T[]
  label: string
  /** Pixels; exact, so that nothing jumps. */
  height: (item: T) => number
  keyOf: (item: T) => string
  heading: (item: T) => boolean
  /** `whole` is false while only the name is worth the time. */
  render: (item: T, chosen: boolean, whole: boolean) => ReactNode
  chosen: string | undefined
  choose: (key: string) => void
  /** The row is marked at once, and what choosing it leads to is drawn when there is time. */
  calm?: boolean
  /** Called when the end comes into sight. */
  near?: (() => void) | undefined
  /** What stands below the last row. */
  foot?: ReactNode
  handle?: Ref<ListHandle>
}

const AHEAD = 6
const PAGE = 12

export function List<T>({ items, label, height, keyOf, heading, render, chosen: given, choose, calm = false, near, foot, handle }: ListProps<T>) {
  const [pending, start] = useTransition()
  const [picked, setPicked] = useState<string>()
  const chosen = pending ? picked : given
  // Keys may come faster than pictures: each goes on from the row before.
  const now = useRef(chosen)
  now.current = chosen
  const take = (key: string) => {
    if (!calm) return choose(key)
    now.current = key
    setPicked(key)
    start(() => choose(key))
  }
  const scroller = useRef<HTMLDivElement>(null)
  const box = useRef<HTMLDivElement>(null)
  const above = useRef(-1)
  const headings = useMemo(() => items.flatMap((item, at) => (heading(item) ? [at] : [])), [items, heading])
  const rows = items.length - headings.length

  const withHeading = useCallback(
    (range: Range) => {
      above.current = headings.findLast(at => at <= range.startIndex) ?? -1
      const seen = defaultRangeExtractor(range)
      return above.current >= 0 && !seen.includes(above.current) ? [above.current, ...seen] : seen
    },
    [headings],
  )
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: at => height(items[at] as T),
    getItemKey: at => keyOf(items[at] as T),
    rangeExtractor: withHeading,
    overscan: AHEAD,
    scrollPaddingStart: 34,
  })
  const seen = virtual.getVirtualItems()
  const whole = useWhole(seen.map(row => String(row.key)))
  const last = seen.at(-1)?.index ?? -1
  useEffect(() => {
    if (last >= items.length - AHEAD - 1) near?.()
  }, [last, items.length, near])

  // What is chosen from elsewhere, as by an address, is brought into sight once it is there.
  const brought = useRef<string>(undefined)
  useEffect(() => {
    if (chosen === brought.current) return
    const at = chosen === undefined ? -1 : find()
    if (at >= 0) bringIntoSight(virtual, at)
    if (at >= 0 || chosen === undefined) brought.current = chosen
  })

  const find = () => items.findIndex(item => keyOf(item) === now.current && !heading(item))
  const go = (by: number) => {
    let at = find()
    if (at < 0) at = by > 0 ? -1 : items.length
    const step = Math.sign(by)
    let found = -1
    for (let left = Math.abs(by); left > 0; left -= 1) {
      do at += step
      while (at >= 0 && at < items.length && heading(items[at] as T))
      if (at < 0 || at >= items.length) break
      found = at
    }
    if (found < 0) return
    take(keyOf(items[found] as T))
    bringIntoSight(virtual, found)
  }
  useImperativeHandle(handle, () => ({ move: go, focus: () => box.current?.focus() }))

  const steps: Record<string, number> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: PAGE,
    PageUp: -PAGE,
    Home: -items.length,
    End: items.length,
  }
  const press = (event: KeyboardEvent) => {
    const by = steps[event.key]
    if (by === undefined || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    go(by)
  }

  // Heard here: while the list moves its rows hear nothing of the pointer, and its place says which is meant.
  const click = (event: MouseEvent) => {
    const top = box.current?.getBoundingClientRect().top
    const hit = virtual.isScrolling || (event.target as Element).closest('[role=option]')
    if (top === undefined || !hit) return
    const item = items[virtual.getVirtualItemForOffset(event.clientY - top)?.index ?? -1]
    box.current?.focus({ preventScroll: true })
    if (item && !heading(item)) take(keyOf(item))
  }

  const total = virtual.getTotalSize()
  let place = 0
  const positions = useMemo(() => new Map(items.filter(item => !heading(item)).map(item => [item, (place += 1)])), [items, heading])
  const active = seen.some(row => row.key === chosen) ? `row-${chosen}` : undefined
  return (
    <div ref={scroller} className={css.list} onClick={click}>
      <div
        ref={box}
        className={css.box}
        style={{ height: total, pointerEvents: virtual.isScrolling ? 'none' : undefined }}
        role="listbox"
        aria-label={label}
        aria-activedescendant={active}
        tabIndex={0}
        onKeyDown={press}
      >
        {seen.map(row => {
          const item = items[row.index] as T
          const key = String(row.key)
          const stuck = row.index === above.current
          const style = stuck
            ? { height: row.size, position: 'sticky' as const, top: 0, zIndex: 1 }
            : { height: row.size, top: row.start }
          return heading(item) ? (
            <div key={key} role="presentation" className={css.row} style={style}>
              {render(item, false, true)}
            </div>
          ) : (
            <div
              key={key}
              id={`row-${key}`}
              role="option"
              aria-selected={key === chosen}
              aria-posinset={positions.get(item)}
              aria-setsize={rows}
              className={css.row}
              style={style}
            >
              {render(item, key === chosen, whole(key))}
            </div>
          )
        })}
      </div>
      {foot}
    </div>
  )
}
