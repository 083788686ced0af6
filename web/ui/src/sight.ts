// Bringing a row of a long list into sight.
import type { Virtualizer } from '@tanstack/react-virtual'

/** Scrolls to a row, unless it is seen already: then nothing has to be laid out to know it. */
export function bringIntoSight<S extends Element, I extends Element>(list: Virtualizer<S, I>, at: number): void {
  const to = list.getOffsetForIndex(at, 'auto')
  if (!to || to[0] !== list.scrollOffset) list.scrollToIndex(at)
}
