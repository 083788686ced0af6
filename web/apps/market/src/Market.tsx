// What could be had, or is there: found by word and subject, and a page for the one that is open.
import { Button, Empty, Failure, Frame, Icon, Panel, Rows, useActions, useLanguage, useSay, useUrl } from '@alcove/ui'
import { useClient } from '@alcove/client'
import { useRef, useState } from 'react'
import { useOffers } from './api'
import { categoriesOf, fitting, type Kind, KINDS, type Label, nameOf, type Offer, wordsOf } from './model'
import css from './market.module.css'
import { Opened } from './Opened'
import { texts } from './texts'

export function Market() {
  return (
    <Frame>
      <Panel>
        <Page />
      </Panel>
    </Frame>
  )
}

function Page() {
  const say = useSay(texts)
  const [url, go] = useUrl()
  const offers = useOffers()
  const opened = offers.data?.find(one => one.slug === url.get('app'))
  return (
    <main className={css.main}>
      <div className={css.in}>
        {offers.isPending ? (
          <Rows count={6} />
        ) : offers.isError && !offers.data ? (
          <Failure error={offers.error} again={() => void offers.refetch()} />
        ) : opened ? (
          <Opened key={opened.slug} offer={opened} back={() => go({ app: undefined })} />
        ) : offers.data?.length === 0 ? (
          <Empty icon="grid" title={say('empty.title')}>
            {say('empty.more')}
          </Empty>
        ) : (
          <Offers offers={offers.data ?? []} />
        )}
      </div>
    </main>
  )
}

function Offers({ offers }: { offers: readonly Offer[] }) {
  const say = useSay(texts)
  const language = useLanguage()
  const [url, go] = useUrl()
  const field = useRef<HTMLInputElement>(null)
  const [typed, category] = [url.get('q') ?? '', url.get('subject') ?? '']
  const kind = KINDS.find(one => one === url.get('show')) ?? 'all'
  const found = fitting(offers, kind, category, typed, language)
  const show = (one: Kind) => go({ show: one === 'all' ? undefined : one })
  const clear = () => go({ q: undefined, subject: undefined, show: undefined })
  useActions([{ id: 'search', label: say('search'), group: say('title'), icon: 'search', keys: ['/'], run: () => field.current?.focus() }])
  return (
    <>
      <header>
        <h1>{say('title')}</h1>
        <p className={`${css.lead} muted`}>{say('lead')}</p>
      </header>
      <div className={css.bar}>
        <input ref={field} type="search" className={css.input} placeholder={say('search')} aria-label={say('search')} maxLength={200} value={typed} onChange={event => go({ q: event.target.value || undefined }, { replace: true })} />
        <select className={css.input} aria-label={say('category')} value={category} onChange={event => go({ subject: event.target.value || undefined })}>
          <option value="">{say('category.all')}</option>
          {categoriesOf(offers).map(one => (
            <option key={one}>{one}</option>
          ))}
        </select>
        <div role="group" aria-label={say('kind')} className={css.kinds}>
          {KINDS.map(one => (
            <Button key={one} variant={one === kind ? 'light' : 'subtle'} aria-pressed={one === kind} onClick={() => show(one)}>
              {say(`kind.${one}`)}
            </Button>
          ))}
        </div>
      </div>
      <span className="unseen" role="status">
        {say('found', { count: found.length })}
      </span>
      {found.length === 0 ? (
        <Empty icon="search" title={say('none.title')} act={<Button onClick={clear}>{say('none.do')}</Button>}>
          {say('none.more')}
        </Empty>
      ) : (
        <ul className={css.offers}>
          {found.map(offer => (
            <li key={`${offer.type} ${offer.slug}`}>
              <button type="button" className={css.offer} onClick={() => go({ app: offer.slug })}>
                <Picture offer={offer} />
                <span className={css.name}>
                  <b>
                    <bdi>{nameOf(offer, language)}</bdi>
                  </b>
                  <span className="small muted">{wordsOf(offer, language).short_description ?? say(`type.${offer.type}`)}</span>
                  <span className={css.marks}>
                    <Mark label={offer.label} />
                    {offer.installed && <span className="small muted">{say(offer.builtin ? 'builtin' : 'installed')}</span>}
                  </span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

/** Its icon; where there is none, or it does not come, a sign of its kind. */
export function Picture({ offer: { icon, type } }: { offer: Offer }) {
  const { door } = useClient()
  const [broken, setBroken] = useState(false)
  return (
    <span className={css.picture}>
      {icon && !broken ? <img src={new URL(icon, door.origin).href} alt="" loading="lazy" onError={() => setBroken(true)} /> : <Icon name={type === 'webapp' ? 'grid' : 'plug'} size={22} />}
    </span>
  )
}

/** Whether it can send anything out, in two words. */
export function Mark({ label }: { label: Label }) {
  const say = useSay(texts)
  return (
    <span className={css.mark} data-label={label}>
      {say(`label.${label}`)}
    </span>
  )
}
