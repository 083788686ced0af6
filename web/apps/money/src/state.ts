// What the address says of this page: month, account, category, search, what is open.
import { type How, useUrl } from '@alcove/ui'

export interface State {
  month: string
  account: string | undefined
  category: string | undefined
  search: string
  /** The operation that is open. */
  open: string | undefined
  /** The link that is open in the queue of those to confirm. */
  link: string | undefined
  /** The operation or the bill that the address leads to, until what shows it is found. */
  operation: string | undefined
  bill: string | undefined
  view: 'list' | 'confirm' | 'months'
}

export type Go = (changes: Partial<Record<keyof State, string | undefined>>, how?: How) => void

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/

/** The month of the address as it is now: what shows it may not be drawn yet. */
export function monthNow(newest: string): string {
  const month = new URLSearchParams(window.location.search).get('month') ?? ''
  return MONTH.test(month) ? month : newest.slice(0, 7)
}

/** The state, with the newest month where the address names none, and how to change it. */
export function useMoneyState(newest: string): [State, Go] {
  const [url, change] = useUrl()
  const month = url.get('month') ?? ''
  const view = url.get('view')
  const state: State = {
    month: MONTH.test(month) ? month : newest.slice(0, 7),
    account: url.get('account') ?? undefined,
    category: url.get('category') ?? undefined,
    search: url.get('search') ?? '',
    open: url.get('open') ?? undefined,
    link: url.get('link') ?? undefined,
    operation: url.get('operation') ?? undefined,
    bill: url.get('bill') ?? undefined,
    view: view === 'confirm' || view === 'months' ? view : 'list',
  }
  const go: Go = (changes, how) =>
    change('view' in changes && changes.view === 'list' ? { ...changes, view: undefined } : changes, how)
  return [state, go]
}
