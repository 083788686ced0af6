import { expect, test } from 'vitest'
import { columnsOf, onlyAgain } from './question'
import { texts } from './questiontexts'
import { faults } from './words'

const choices = ['Debit', 'Total'].map(value => ({ value, label: value }))

test('every text is there in both languages', () => {
  expect(faults('questions', texts)).toEqual([])
})

test('choices are columns when the first row names them all', () => {
  const rows = [['Date', 'Debit', 'Total'], ['1', '2', '3']]
  expect(columnsOf({ choices, rows })).toEqual([1, 2])
  expect(columnsOf({ choices, rows: [['Date', 'Debit'], ['1', '2']] })).toBeUndefined()
  expect(columnsOf({ choices, rows: rows.slice(0, 1) })).toBeUndefined()
  expect(columnsOf({ choices: [], rows })).toBeUndefined()
  expect(columnsOf({ choices, rows: [] })).toBeUndefined()
})

test('a code that comes too late needs no value', () => {
  expect(onlyAgain({ kind: 'code', state: 'later' })).toBe(true)
  expect(onlyAgain({ kind: 'code', state: 'waiting' })).toBe(false)
  expect(onlyAgain({ kind: 'password', state: 'later' })).toBe(false)
})
