import { expect, test } from 'vitest'
import { treeOfEntries, treeOfFiles } from './tree'

const leaf = (name: string, readable = true): FileSystemEntry =>
  ({ name, isFile: true, isDirectory: false, file: (done: (file: File) => void, fail: (why: Error) => void) => (readable ? done(new File([], name)) : fail(new Error('no'))) }) as unknown as FileSystemEntry

/** A folder that gives what it holds a hundred at a time, as browsers do. */
function folder(name: string, children: FileSystemEntry[]): FileSystemEntry {
  const createReader = () => {
    let at = 0
    return { readEntries: (done: (some: FileSystemEntry[]) => void) => done(children.slice(at, (at += 100))) }
  }
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry
}

const shown = ({ path, file }: { path: readonly string[]; file: File }) => [...path, file.name].join('/')

test('a drop keeps its tree, with empty folders and all that a folder gives by hundreds', async () => {
  const many = Array.from({ length: 250 }, (_, at) => leaf(`f${at}`))
  const tree = await treeOfEntries([folder('top', [folder('empty', []), folder('many', many), leaf('a')]), leaf('b')])
  expect(tree.files).toHaveLength(252)
  expect(tree.files.map(shown)).toEqual(expect.arrayContaining(['top/many/f249', 'top/a', 'b']))
  expect(tree.empty).toEqual([['top', 'empty']])
})

test('what cannot be read is named, and the others come', async () => {
  const tree = await treeOfEntries([folder('top', [leaf('a', false), leaf('b')])])
  expect(tree.unreadable).toEqual(['top/a'])
  expect(tree.files.map(shown)).toEqual(['top/b'])
})

test('a folder of any depth is walked', async () => {
  let deep = leaf('end')
  for (let level = 0; level < 300; level += 1) deep = folder('d', [deep])
  const tree = await treeOfEntries([deep])
  expect(tree.files[0]?.path).toHaveLength(300)
})

test('a chosen folder says where each file lies', async () => {
  const file = new File([], 'a.txt')
  Object.defineProperty(file, 'webkitRelativePath', { value: 'top/below/a.txt' })
  expect((await treeOfFiles([file, new File([], 'b.txt')])).files.map(shown)).toEqual(['top/below/a.txt', 'b.txt'])
})
