import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { readSeen, seenText } from './seen'

const DAY = 24 * 3600_000

async function read(): Promise<QueryClient> {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await queries.prefetchQuery({ queryKey: ['place', 'summary'], queryFn: () => ({ bills: 3 }) })
  await queries.prefetchQuery({ queryKey: ['place', 'broken'], queryFn: () => Promise.reject(new Error('no')) })
  return queries
}

describe('what was seen', () => {
  it('comes back as it was read, without what failed', async () => {
    const text = seenText(await read(), 'build', 1000) ?? ''
    const seen = readSeen(text, 'build', 2000)
    expect(seen?.at).toBe(1000)
    expect(seen?.state.queries.map(query => [query.queryKey, query.state.data])).toEqual([[['place', 'summary'], { bills: 3 }]])
  })

  it('is not kept when there is nothing, or too much', async () => {
    expect(seenText(new QueryClient(), 'build', 0)).toBeUndefined()
    const queries = await read()
    queries.setQueryData(['place', 'much'], 'x'.repeat(2_000_001))
    expect(seenText(queries, 'build', 0)).toBeUndefined()
  })

  it('is not shown when it is old, of another build, of another clock, or spoilt', async () => {
    const text = seenText(await read(), 'build', 10 * DAY) ?? ''
    expect(readSeen(text, 'build', 17 * DAY)).toBeDefined()
    expect(readSeen(text, 'build', 17 * DAY + 1)).toBeUndefined()
    expect(readSeen(text, 'another', 11 * DAY)).toBeUndefined()
    expect(readSeen(text, 'build', 9 * DAY)).toBeUndefined()
    expect(readSeen('{"at": 1, "state"', 'build', 2)).toBeUndefined()
    expect(readSeen('null', 'build', 2)).toBeUndefined()
  })
})
