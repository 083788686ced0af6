// The hits of a search as the command bar shows them, and the question to the server that brings them.
import { appAddress, useClient } from '@alcove/client'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import css from './bar.module.css'
import { amountAsked, type Answer, type Hit, type Kind, marked, type Part, placeOf } from './finding'
import { useFormats, useSay } from './language'
import { texts } from './texts'
import { useUrl } from './url'

const PAUSE = 120
const USUAL = 5
const MANY = 50
const MAKING = 2000
/** Characters of a question: more than the server takes are of no use. */
export const LONGEST = 300

/** What was typed, once the person rests for a moment. */
export function useRested(typed: string): string {
  const [rested, setRested] = useState(typed)
  useEffect(() => {
    if (typed === rested) return
    const timer = setTimeout(() => setRested(typed), PAUSE)
    return () => clearTimeout(timer)
  }, [typed, rested])
  return rested
}

/** What the place holds for these words; `kind` asks for many of one kind. A question that is typed over is given up. */
export function useFound(typed: string, kind: Kind | undefined) {
  const { door } = useClient()
  const text = useRested(typed.trim().slice(0, LONGEST))
  const question = useQuery({
    queryKey: ['search', text, kind],
    queryFn: ({ signal }) =>
      door.ask<Answer>('GET', '/search', { query: { q: text, kinds: kind, 'page[limit]': kind ? MANY : USUAL }, signal }),
    enabled: text !== '',
    placeholderData: keepPreviousData,
    // While the index is being made, what is missing comes by itself.
    refetchInterval: query => (query.state.data?.meta.complete === false ? MAKING : false),
    staleTime: 5000,
    gcTime: 60_000,
    retry: false,
    meta: { quiet: true },
  })
  const waiting = text !== typed.trim().slice(0, LONGEST)
  return { ...question, text, pending: typed.trim() !== '' && (waiting || question.isFetching) }
}

/** Opens a hit: in this page where it belongs to this app, else in its own. */
export function useOpenHit(): (hit: Hit) => void {
  const { page } = useClient()
  const [url, change] = useUrl()
  return hit => {
    const { slug, query } = placeOf(hit)
    if (slug === page.app.slug) change({ ...Object.fromEntries([...url.keys()].map(name => [name, undefined])), ...query })
    else {
      const said = new URLSearchParams(query).toString()
      window.location.assign(appAddress(page, slug, window.location.protocol, said && `?${said}`))
    }
  }
}

export function Marked({ parts }: { parts: readonly Part[] }) {
  return parts.map((part, at) => (part.marked ? <mark key={at}>{part.text}</mark> : part.text))
}

/** What a hit is: its name, what it is about, when, and how much. */
export function HitLine({ hit, typed }: { hit: Hit; typed: string }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { kind, title, detail, date, amount, currency, marks, snippet } = hit.attributes
  const about = kind === 'bills' && detail ? say('found.number', { number: detail }) : kind === 'files' ? detail.replace(/^\//, '').replaceAll('/', ' › ') : detail
  return (
    <>
      <span className={css.what}>
        <span dir="auto">
          <Marked parts={marked(title, typed, marks)} />
        </span>
        {(about || date) && (
          <span className={css.about}>
            {about && (
              <span dir="auto">
                <Marked parts={marked(about, typed, marks)} />
              </span>
            )}
            {about && date && ' · '}
            {date && <span className="num">{formats.shortDay(date)}</span>}
          </span>
        )}
        {snippet && (
          <span className={css.about} dir="auto">
            <Marked parts={snippet} />
          </span>
        )}
      </span>
      {typeof amount === 'number' && (
        <span className={`${css.amount} num`}>
          {amountAsked(amount, typed) ? <mark>{formats.amount(amount, currency)}</mark> : formats.amount(amount, currency)}
        </span>
      )}
    </>
  )
}
