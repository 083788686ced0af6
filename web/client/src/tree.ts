// What was dropped or chosen, as files with the folders they lie in. A drop of a hundred thousand names is read in small
// steps, so that the page goes on meanwhile.

export interface Placed {
  /** The names of the folders above it, the outermost first. */
  path: readonly string[]
  file: File
}

export interface Tree {
  files: Placed[]
  /** Folders that hold nothing: the others are known from their files. */
  empty: (readonly string[])[]
  /** What the system did not let the page read. */
  unreadable: string[]
}

const STEP = 500

/** Lets the page do what waits. */
const pause = () => new Promise<void>(resolve => setTimeout(resolve))

/** What a file picker gave, also one for folders. */
export async function treeOfFiles(files: Iterable<File>): Promise<Tree> {
  const tree: Tree = { files: [], empty: [], unreadable: [] }
  for (const file of files) {
    const path = file.webkitRelativePath ? file.webkitRelativePath.split('/').slice(0, -1) : []
    tree.files.push({ path, file })
    if (tree.files.length % STEP === 0) await pause()
  }
  return tree
}

/** What was dropped, with all that lies in dropped folders. To be called in the handler of the drop, which holds it. */
export function treeOfDrop(transfer: DataTransfer): Promise<Tree> {
  // A drop can be read only as long as its handler runs; the entries can be walked later.
  const items = [...transfer.items].filter(item => item.kind === 'file')
  const entries = items.map(item => item.webkitGetAsEntry?.() ?? undefined)
  if (items.length && entries.every(entry => entry !== undefined)) return treeOfEntries(entries)
  return treeOfFiles([...transfer.files])
}

/** The tree below these entries. */
export async function treeOfEntries(entries: readonly FileSystemEntry[]): Promise<Tree> {
  const tree: Tree = { files: [], empty: [], unreadable: [] }
  // A list and no recursion: how deep it goes is not ours to say.
  const waiting: { entry: FileSystemEntry; path: readonly string[] }[] = entries.map(entry => ({ entry, path: [] }))
  let steps = 0
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { entry, path } = next
    try {
      if (entry.isFile) tree.files.push({ path, file: await fileOf(entry as FileSystemFileEntry) })
      else {
        const inside = [...path, entry.name]
        const held = await childrenOf(entry as FileSystemDirectoryEntry)
        if (!held.length) tree.empty.push(inside)
        // Depth first, so that a folder's files stay together.
        waiting.unshift(...held.map(child => ({ entry: child, path: inside })))
      }
    } catch {
      tree.unreadable.push([...path, entry.name].join('/'))
    }
    steps += 1
    if (steps % STEP === 0) await pause()
  }
  return tree
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}

async function childrenOf(entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = entry.createReader()
  const found: FileSystemEntry[] = []
  for (;;) {
    // Browsers give a hundred at a time; the end is an empty answer.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (!some.length) return found
    for (const one of some) found.push(one)
  }
}
