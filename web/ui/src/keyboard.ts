// Where the keyboard goes when what it was on is gone.
import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'

/**
 * Keeps the keyboard in a part whose buttons change places: when `stage` changes and takes the button away that the
 * keyboard was on, the first button of the part has it. Without a stage, what comes next is waited for. What it answers
 * is the ref of the part.
 */
export function useKeyboardKept<Part extends HTMLElement>(stage: string | undefined): RefObject<Part | null> {
  const part = useRef<Part>(null)
  const held = useRef(false)
  // Asked before what is drawn now stands on the page: afterwards, the button is gone. On the body stands nobody.
  if (part.current && document.activeElement !== document.body) held.current = part.current.contains(document.activeElement)
  useLayoutEffect(() => {
    if (stage !== undefined && held.current && document.activeElement === document.body) part.current?.querySelector<HTMLButtonElement>('button:enabled')?.focus()
  }, [stage])
  return part
}

/** Gives the keyboard back to where it was before: for a dialog that is taken away at once when it closes. */
export function useKeyboardBack(): void {
  const before = useRef(document.activeElement)
  useEffect(() => {
    const was = before.current
    return () => {
      if (was instanceof HTMLElement && document.activeElement === document.body) was.focus({ preventScroll: true })
    }
  }, [])
}
