import { describe, expect, it } from 'vitest'
import { ofAmount } from './model'

const found = [{ amount: -45.9 }, { amount: 45 }, { amount: -12.5 }, { amount: 45.99 }]
const of = (text: string) => ofAmount(text, found).map(one => one.amount)

describe('a search by amount', () => {
  it('finds that amount alone, in either direction', () => {
    expect(of('45,90')).toEqual([-45.9])
    expect(of('45.9 €')).toEqual([-45.9])
    expect(of('-12,5')).toEqual([-12.5])
  })

  it('takes any cents where none were typed', () => {
    expect(of('45')).toEqual([-45.9, 45, 45.99])
  })

  it('is none where nothing has that amount: the figures may be a number of a bill', () => {
    expect(of('70412')).toHaveLength(4)
    expect(of('loyer')).toHaveLength(4)
  })
})
