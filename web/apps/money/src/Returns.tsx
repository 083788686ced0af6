// How often an operation comes back, and when next.
import { isoDay, useFormats, useLanguage, useSay } from '@alcove/ui'
import { useRecurrence } from './api'
import type { Operation } from './model'
import { returnsOf, roundKey, usualDay } from './returns'
import { texts } from './texts'

/** Two facts of an operation, in its list of facts; nothing for what does not come back. */
export function Returns({ operation }: { operation: Operation }) {
  const say = useSay(texts)
  const formats = useFormats()
  const language = useLanguage()
  const recurrence = useRecurrence(operation)
  const returns = returnsOf(recurrence.data)
  if (!returns) return null
  const { amount, currency, about, latest, next, over } = returns
  const often = say(roundKey(returns), { day: usualDay(returns, language), count: returns.days })
  const sum = formats.amount(Math.abs(amount), currency ?? operation.currency)
  return (
    <>
      <dt>{say(over ? 'returns.before' : 'returns')}</dt>
      <dd>{over ? say('returns.until', { often, day: formats.shortDay(latest) }) : often}</dd>
      {!over && (
        <>
          <dt>{say(next < isoDay(new Date()) ? 'returns.expected' : 'returns.next')}</dt>
          <dd className="num">{say(about ? 'returns.about' : 'returns.sum', { day: formats.shortDay(next), sum })}</dd>
        </>
      )}
    </>
  )
}
