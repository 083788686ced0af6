import { describe, expect, it } from 'vitest'
import { formatsOf } from './formats'

const now = new Date(2026, 9, 14, 20, 0) // a Wednesday
const at = (day: number, hour: number, minute: number) => new Date(2026, 9, day, hour, minute).toISOString()
const [french, english] = [formatsOf('fr'), formatsOf('en')]

describe('what is to come', () => {
  it('is told by the day, as one would say it, and the clock', () => {
    expect(french.coming(at(14, 23, 5), now)).toBe('aujourd’hui vers 23 h 05')
    expect(french.coming(at(15, 5, 12), now)).toBe('demain vers 5 h 12')
    expect(french.coming(at(20, 0, 30), now)).toBe('mardi vers 0 h 30')
    expect(french.coming(at(21, 5, 12), now)).toBe('le 21 oct. vers 5 h 12')
    expect(french.coming(new Date(2027, 0, 2, 5, 12).toISOString(), now)).toBe('le 2 janv. 2027 vers 5 h 12')
  })

  it('is told in English', () => {
    expect(english.coming(at(14, 23, 5), now)).toBe('today about 23:05')
    expect(english.coming(at(15, 15, 12), now)).toBe('tomorrow about 15:12')
    expect(english.coming(at(20, 10, 30), now)).toBe('Tuesday about 10:30')
    expect(english.coming(at(21, 15, 12), now)).toBe('21 Oct about 15:12')
  })

  it('is about to be when its time has gone by', () => {
    expect([french.coming(at(14, 19, 59), now), english.coming(at(14, 19, 59), now)]).toEqual(['d’un moment à l’autre', 'any moment now'])
  })

  it('keeps to days where the person is, also over a change of the clocks', () => {
    expect(french.coming(new Date(2026, 9, 25, 5, 0).toISOString(), new Date(2026, 9, 24, 23, 0))).toBe('demain vers 5 h 00')
  })
})
