// What a long list shows while it is scrolled faster than rows can be made: their names, and the rest when there is time.
import { useEffect, useReducer, useRef } from 'react'

/** Rows that come into sight at once and are made whole at once: those of a wheel that is turned slowly. */
const AT_ONCE = 2
/** Rows that are made whole in the first frame of rest; twice as many in the next if that one was in time. */
const FIRST = 3
/** Milliseconds between two frames, at the most, of a page that has time. */
const IN_TIME = 25

/**
 * Tells which of those in sight (by their keys) are shown whole; the others are worth their name only. Rows are made whole
 * a few in each frame in which the list does not move, so that neither a key nor the wheel waits for them.
 */
export function useWhole(seen: readonly string[]): (key: string) => boolean {
  const known = useRef<ReadonlySet<string>>(new Set())
  const step = useRef(FIRST)
  const [, again] = useReducer((count: number) => count + 1, 0)
  const fresh = seen.filter(key => !known.current.has(key))
  if (fresh.length <= AT_ONCE) known.current = new Set(seen)
  const rest = fresh.length > AT_ONCE
  useEffect(() => {
    if (!rest) return
    // Two frames: one in which nothing changed is over when the second begins.
    let frame = requestAnimationFrame(before => {
      frame = requestAnimationFrame(now => {
        step.current = now - before < IN_TIME ? step.current * 2 : FIRST
        const next = fresh.slice(0, step.current)
        known.current = new Set([...seen.filter(key => known.current.has(key)), ...next])
        again()
      })
    })
    return () => cancelAnimationFrame(frame)
  })
  useEffect(() => {
    if (!rest) step.current = FIRST
  }, [rest])
  return key => known.current.has(key)
}
