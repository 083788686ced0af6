// Operations as a CSV file, made in the browser.
import type { Client } from '@alcove/client'
import type { Say } from '@alcove/ui'
import { search } from './api'
import { type Account, CATEGORIES, categoryOf, csv, dayOf, type Operation } from './model'
import type { texts } from './texts'

interface Asked {
  /** What is exported; undefined for all that fits the search. */
  operations: readonly Operation[] | undefined
  search: string
  account: string | undefined
  accounts: readonly Account[]
  say: Say<keyof (typeof texts)['en']>
  language: 'fr' | 'en'
}

async function everyFound(client: Client, text: string): Promise<Operation[]> {
  const found: Operation[] = []
  let cursor: string | undefined
  do {
    const page = await search(client, text, cursor)
    found.push(...page.operations)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

/** The text of the file, and how many operations are in it. */
export async function exported(client: Client, asked: Asked): Promise<{ csv: string; count: number }> {
  const { account, accounts, say, language } = asked
  const operations =
    asked.operations ?? (await everyFound(client, asked.search)).filter(one => !account || one.account === account)
  const names = new Map(accounts.map(one => [one._id, one.label ?? '']))
  const head = (['date', 'label', 'bank', 'category', 'amount', 'currency', 'account'] as const).map(key => say(`export.${key}`))
  const table = operations.map(one => [
    dayOf(one.date),
    one.label ?? '',
    one.originalBankLabel ?? '',
    CATEGORIES[categoryOf(one)]?.[language] ?? '',
    one.amount,
    one.currency ?? 'EUR',
    names.get(one.account ?? '') ?? '',
  ])
  return { csv: csv([head, ...table], language), count: operations.length }
}
