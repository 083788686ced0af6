// Choosing files on one's own machine: by the system's dialog, or by dropping them on the page.
import { type Tree, treeOfDrop, treeOfFiles } from '@alcove/client'
import { useEffect, useRef, useState } from 'react'

/** Opens the system's dialog for files, or for a folder. Answers nothing when it was closed. */
export function pick({ folder = false } = {}): Promise<Tree | undefined> {
  return new Promise(resolve => {
    const input = document.createElement('input')
    input.type = 'file'
    input.multiple = true
    input.webkitdirectory = folder
    input.hidden = true
    const end = (tree: Promise<Tree> | undefined) => {
      input.remove()
      resolve(tree)
    }
    input.onchange = () => end(treeOfFiles([...(input.files ?? [])]))
    input.oncancel = () => end(undefined)
    // Some browsers forget an input that is not in the page before the dialog is closed.
    document.body.append(input)
    input.click()
  })
}

/** Whether a drag brings files from outside of the page. */
export function bringsFiles(event: { dataTransfer: DataTransfer | null }): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false
}

/** Takes files that are dropped anywhere on the page; true while they hover over it. */
export function useFileDrop(drop: (tree: Tree) => void): boolean {
  const [over, setOver] = useState(false)
  const latest = useRef(drop)
  useEffect(() => {
    latest.current = drop
  })
  useEffect(() => {
    // Moving from one element to the next leaves the first one: only the last leave counts.
    let depth = 0
    const listen = (event: DragEvent) => {
      if (!bringsFiles(event)) return
      if (event.type === 'dragenter') depth += 1
      if (event.type === 'dragleave') depth = Math.max(0, depth - 1)
      if (event.type === 'dragover' || event.type === 'drop') event.preventDefault()
      if (event.type === 'drop') {
        depth = 0
        if (event.dataTransfer) void treeOfDrop(event.dataTransfer).then(tree => latest.current(tree))
      }
      setOver(depth > 0)
    }
    const kinds = ['dragenter', 'dragleave', 'dragover', 'drop'] as const
    for (const kind of kinds) window.addEventListener(kind, listen)
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, listen)
    }
  }, [])
  return over
}
