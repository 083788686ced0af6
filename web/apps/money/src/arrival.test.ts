import { describe, expect, it } from 'vitest'
import { leadingTo } from './arrival'
import type { Link } from './model'

const link = (status: string, role = 'payment', operation = 'o'): Link => ({ _id: `${status}-${role}`, status, role, operation }) as Link

describe('a bill leads', () => {
  it('to the operation that paid it', () => {
    const links = [link('linked', 'expense', 'e'), link('to_confirm'), link('linked', 'payment', 'p')]
    expect(leadingTo(links)).toEqual({ operation: 'p', bill: undefined })
  })
  it('to the expense that it pays back, when nothing else is known', () => {
    expect(leadingTo([link('linked', 'expense', 'e')])).toEqual({ operation: 'e', bill: undefined })
  })
  it('to its place in the queue', () => {
    expect(leadingTo([link('refused'), link('to_confirm')])).toEqual({ view: 'confirm', link: 'to_confirm-payment', bill: undefined })
  })
  it('nowhere but to itself', () => {
    expect(leadingTo([link('refused')])).toBeUndefined()
    expect(leadingTo([])).toBeUndefined()
  })
})
