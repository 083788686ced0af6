import { expect, test } from 'vitest'
import { visible } from './names'

test('marks that turn the direction of a name are seen, not obeyed', () => {
  expect(visible('invoice\u202efdp.exe')).toBe('invoice\ufffdfdp.exe')
  expect(visible('a\u2066b\u2069\u200f')).toBe('a\ufffdb\ufffd\ufffd')
})

test('what shows nothing is seen', () => expect(visible('a\u200bb\u0007c\ufeff')).toBe('a\ufffdb\ufffdc\ufffd'))

test('names in any script stay as they are', () => {
  for (const name of ['שלום.txt', 'عربي', 'été', '日本語.pdf', '👩‍👧.png', '<b>.html']) expect(visible(name)).toBe(name)
})
