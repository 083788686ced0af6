// Accounts with their balances, and what was spent in the month by kind: each filters the list.
import { Failure, Skeleton, useFormats, useLanguage, useSay } from '@alcove/ui'
import type { UseQueryResult } from '@tanstack/react-query'
import { type Account, CATEGORIES, dotOf, type Operation, spending } from './model'
import css from './money.module.css'
import type { Go } from './state'
import { texts } from './texts'

interface Props {
  accounts: UseQueryResult<Account[]>
  operations: readonly Operation[] | undefined
  month: string
  account: string | undefined
  category: string | undefined
  choose: (changes: Parameters<Go>[0]) => void
}

/** Balances together, the currency of the most accounts first. */
function totals(accounts: readonly Account[]): [string, number][] {
  const found = new Map<string, { total: number; count: number }>()
  for (const { currency = 'EUR', balance } of accounts) {
    if (balance === undefined) continue
    const held = found.get(currency) ?? { total: 0, count: 0 }
    found.set(currency, { total: held.total + balance, count: held.count + 1 })
  }
  return [...found].sort(([, a], [, b]) => b.count - a.count).map(([currency, { total }]) => [currency, total])
}

export function Accounts({ accounts, operations, month, account, category, choose }: Props) {
  const say = useSay(texts)
  const formats = useFormats()
  const language = useLanguage()
  if (accounts.isPending) {
    return <div aria-busy="true">{[80, 60, 70].map(width => <Skeleton key={width} height={36} mb={12} width={`${width}%`} />)}</div>
  }
  if (!accounts.data) return <Failure error={accounts.error} again={() => void accounts.refetch()} />
  const all = totals(accounts.data)
  const shares = spending(operations ?? [])
  const most = Math.max(...shares.map(share => share.total), 1)
  const moved = (operations ?? []).reduce((sum, one) => sum + one.amount, 0)
  return (
    <>
      <button type="button" className={css.all} aria-pressed={!account} onClick={() => choose({ account: undefined })}>
        <span className="muted">{say('accounts.all')}</span>
        {all.map(([currency, total]) => (
          <span key={currency} className={`${css.sum} num`}>
            {formats.amount(total, currency)}
          </span>
        ))}
      </button>
      <div className="small muted num">
        {say('month.movement', { amount: formats.amount(moved, all[0]?.[0], { plus: true }), month: formats.month(month).toLowerCase() })}
      </div>
      <h2>{say('accounts')}</h2>
      <ul className={css.accountList}>
        {accounts.data.map(one => (
          <li key={one._id}>
            <button
              type="button"
              className={css.account}
              aria-pressed={one._id === account}
              onClick={() => choose({ account: one._id === account ? undefined : one._id })}
            >
              <span className={css.cut}>{one.shortLabel || one.label || say('accounts.none')}</span>
              <span className="num">
                {one.balance !== undefined && formats.amount(one.balance, one.currency, { bare: (one.currency ?? 'EUR') === all[0]?.[0] })}
              </span>
              <span className={`small muted ${css.cut}`}>
                {[one.institutionLabel, one.cozyMetadata?.updatedAt && say('accounts.updated', { ago: formats.ago(one.cozyMetadata.updatedAt) })]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {shares.length > 0 && <h2>{say('month.spent', { month: formats.month(month).split(' ')[0] ?? '' })}</h2>}
      <ul className={css.cats}>
        {shares.map(({ family, total }) => (
          <li key={family}>
            <button
              type="button"
              className="num"
              aria-pressed={category === family}
              style={{ '--dot': dotOf(family) } as React.CSSProperties}
              onClick={() => choose({ category: category === family ? undefined : family, search: undefined })}
            >
              <span className={css.cut}>{CATEGORIES[family]?.[language] ?? family}</span>
              <span>{formats.amount(total, 'EUR', { bare: true, whole: true })}</span>
              <i style={{ width: `${Math.max((100 * total) / most, 1.5)}%` }} />
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
