// What lies over the whole page, as a file that is looked at. Lighter than a dialog, which would be made in one long task.
import { useFocusTrap, useMergedRef } from '@mantine/hooks'
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import css from './over.module.css'

interface Props {
  /** What it is called for who does not see it. */
  label: string
  close: () => void
  onKeyDown?: (event: KeyboardEvent) => void
  children: ReactNode
}

/** The keyboard goes to what is marked `data-autofocus`, stays within, and comes back; Escape closes. */
export function Over({ label, close, onKeyDown, children }: Props) {
  const own = useRef<HTMLDivElement>(null)
  const trap = useMergedRef(own, useFocusTrap(true))
  // The trap takes the keyboard a moment later: a key that is pressed meanwhile would go to what lies below.
  useLayoutEffect(() => {
    own.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus({ preventScroll: true })
  }, [])
  const before = useRef(document.activeElement)
  useEffect(
    () => () => {
      // Unless it is somewhere else by now.
      if (document.activeElement === document.body && before.current instanceof HTMLElement) before.current.focus({ preventScroll: true })
    },
    [],
  )
  const press = (event: KeyboardEvent) => {
    onKeyDown?.(event)
    if (event.key !== 'Escape' || event.defaultPrevented) return
    event.preventDefault()
    close()
  }
  return createPortal(
    <div ref={trap} role="dialog" aria-modal="true" aria-label={label} className={css.over} onKeyDown={press}>
      {children}
    </div>,
    document.body,
  )
}
