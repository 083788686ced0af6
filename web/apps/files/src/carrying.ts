// Dragging entries within the page. What is carried is kept here: twenty thousand names do not fit into a drag.
import type { DragEvent } from 'react'
import css from './files.module.css'
import type { Entry } from './model'

const KIND = 'application/x-alcove-entries'
let load: readonly Entry[] = []

/** Begins to drag these, with a label beside the pointer. */
export function carry(event: DragEvent, entries: readonly Entry[], label: string): void {
  load = entries
  event.dataTransfer.setData(KIND, '')
  event.dataTransfer.effectAllowed = 'move'
  const shown = document.createElement('div')
  shown.className = css.carried ?? ''
  shown.textContent = label
  document.body.append(shown)
  event.dataTransfer.setDragImage(shown, -12, 12)
  // The browser has drawn it by then.
  setTimeout(() => shown.remove())
}

/** What a drag of this page carries; nothing for one from elsewhere. */
export function carried(event: DragEvent): readonly Entry[] | undefined {
  return event.dataTransfer.types.includes(KIND) ? load : undefined
}
