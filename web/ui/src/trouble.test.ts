import { expect, test } from 'vitest'
import { patience } from './trouble'

test('a server that stays silent is asked more and more rarely, but always again', () => {
  expect([0, 10_000, 60_000, 120_000, 480_000, Date.now()].map(patience)).toEqual([15_000, 15_000, 15_000, 30_000, 120_000, 120_000])
})
