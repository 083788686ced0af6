// Twelve months of spending by kind: a chart whose bars and colours filter the list, and the same as a table.
import { Button, Failure, Icon, Skeleton, useFormats, useLanguage, useSay } from '@alcove/ui'
import { useMemo, useState } from 'react'
import { useYear } from './api'
import { CATEGORIES, dotOf, NONE } from './model'
import css from './money.module.css'
import type { Go, State } from './state'
import { texts } from './texts'

export function Months({ state, go, filter }: { state: State; go: Go; filter: () => void }) {
  const say = useSay(texts)
  const formats = useFormats()
  const language = useLanguage()
  const [table, setTable] = useState(false)
  const year = useYear(state.month, state.account)
  const months = useMemo(
    () =>
      (year.data ?? []).map(({ month, shares: every }) => {
        const shares = every.filter(share => !state.category || share.family === state.category)
        return { month, shares, total: shares.reduce((sum, share) => sum + share.total, 0) }
      }),
    [year.data, state.category],
  )
  const families = useMemo(() => {
    const totals = new Map<string, number>()
    for (const { shares } of year.data ?? []) {
      for (const { family, total } of shares) totals.set(family, (totals.get(family) ?? 0) + total)
    }
    return [...totals].sort(([one, a], [other, b]) => Number(one === NONE) - Number(other === NONE) || b - a).map(([family]) => family)
  }, [year.data])
  const most = Math.max(...months.map(one => one.total), 1)
  const whole = (value: number) => formats.amount(value, 'EUR', { whole: true })
  const name = (family: string) => CATEGORIES[family]?.[language] ?? family
  const show = (month: string) => go({ month, view: 'list' })
  return (
    <>
      <header className={css.head}>
        <Button variant="subtle" aria-label={say('confirm.back')} onClick={() => go({ view: 'list' })} px={7}>
          <Icon name="left" />
        </Button>
        <h2>{say('chart.title')}</h2>
        <Button className={css.filterButton ?? ''} onClick={filter}>
          {say('filter')}
        </Button>
        <Button onClick={() => setTable(!table)}>{say(table ? 'chart.drawing' : 'chart.table')}</Button>
      </header>
      {year.isPending ? (
        <Skeleton height={240} m={20} width="auto" />
      ) : year.isError && !year.data ? (
        <Failure error={year.error} again={() => void year.refetch()} />
      ) : (
        <div className={css.months} tabIndex={0} role="region" aria-label={say('chart')}>
          {table ? (
            <table className="num">
              <caption className="unseen">{say('chart')}</caption>
              <thead>
                <tr>
                  <th scope="col">{say('chart.month')}</th>
                  <th scope="col">{say('chart.total')}</th>
                  {families.map(family => (
                    <th key={family} scope="col">
                      {name(family)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {months.map(({ month, shares, total }) => (
                  <tr key={month}>
                    <th scope="row">
                      <button type="button" onClick={() => show(month)}>
                        {formats.month(month)}
                      </button>
                    </th>
                    <td>{whole(total)}</td>
                    {families.map(family => {
                      const value = shares.find(share => share.family === family)?.total
                      return <td key={family}>{value === undefined ? '' : whole(value)}</td>
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          ) : (
            <>
              <ol className={css.bars}>
                {months.map(({ month, shares, total }) => (
                  <li key={month}>
                    <button type="button" onClick={() => show(month)} aria-current={month === state.month || undefined}>
                      <span className="unseen">{say('chart.value', { month: formats.month(month), amount: whole(total) })}</span>
                      <span className={`${css.barValue} num`} aria-hidden="true">
                        {total > 0 && formats.amount(total, 'EUR', { bare: true, whole: true })}
                      </span>
                      <span className={css.stack} style={{ '--share': total / most } as React.CSSProperties}>
                        {shares.map(({ family, total: part }) => (
                          <i key={family} style={{ flexGrow: part, background: dotOf(family) }} />
                        ))}
                      </span>
                      <span className={css.barName} aria-hidden="true">
                        {formats.shortMonth(month)}
                      </span>
                    </button>
                  </li>
                ))}
              </ol>
              <ul className={css.legend}>
                {families.map(family => (
                  <li key={family}>
                    <button
                      type="button"
                      className={css.chip}
                      aria-pressed={state.category === family}
                      style={{ '--dot': dotOf(family) } as React.CSSProperties}
                      onClick={() => go({ category: state.category === family ? undefined : family })}
                    >
                      {name(family)}
                    </button>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </>
  )
}
