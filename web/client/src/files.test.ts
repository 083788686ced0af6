import { expect, test } from 'vitest'
import { extension, nextFree } from './files'

test.each([
  ['report.pdf', ['report', '.pdf']],
  ['.hidden', ['.hidden', '']],
  ['archive.tar.gz', ['archive.tar', '.gz']],
  ['none', ['none', '']],
])('the extension of %s', (name, parts) => expect(extension(name)).toEqual(parts))

test.each([
  ['a.txt', [], 'a.txt'],
  ['a.txt', ['a.txt'], 'a (2).txt'],
  ['a.txt', ['a.txt', 'a (2).txt'], 'a (3).txt'],
  ['a (2).txt', ['a (2).txt'], 'a (3).txt'],
  ['a', ['a'], 'a (2)'],
])('the next free name of %s among %j', (name, taken, free) => expect(nextFree(name, one => taken.includes(one))).toBe(free))
