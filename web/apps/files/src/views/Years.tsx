// Ways to a time that is far away in a grid of pictures.
import { useFormats, useSay } from '@alcove/ui'
import { memo } from 'react'
import type { yearsOf } from './pictures'
import { texts } from './texts'
import css from './views.module.css'

type YearsOf = ReturnType<typeof yearsOf>

interface Props {
  years: YearsOf
  /** Goes to a line of the grid. */
  go: (at: number) => void
}

/** A menu of years and their months. */
export const Months = memo(function Months({ years, go }: Props) {
  const say = useSay(texts)
  const formats = useFormats()
  if (years.length < 2 && (years[0]?.months.length ?? 0) < 2) return null
  return (
    <select className={css.months} aria-label={say('photos.month')} value="" onChange={event => go(Number(event.target.value))}>
      <option value="">{say('photos.month')}</option>
      {years.map(year => (
        <optgroup key={year.name} label={`${year.name} (${formats.number(year.count)})`}>
          {year.months.map(({ name, at, count }) => (
            <option key={name} value={at}>
              {formats.month(name)} ({formats.number(count)})
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  )
})

/** Shares of the height that two years are apart at the least, to be readable both. */
const APART = 0.035

/** The years beside the grid, each where its pictures begin: for the pointer; the menu is for the keyboard too. */
export const Years = memo(function Years({ years, go, places }: Props & { places: readonly number[] }) {
  if (years.length < 2) return null
  let last = -1
  return (
    <div className={css.years} aria-hidden="true">
      {years.map(({ name, at }, which) => {
        const place = places[which] ?? 0
        if (place < last + APART || place > 1 - APART) return null
        last = place
        return (
          <button key={name} type="button" tabIndex={-1} style={{ top: `${place * 100}%` }} onClick={() => go(at)}>
            {name}
          </button>
        )
      })}
    </div>
  )
})
