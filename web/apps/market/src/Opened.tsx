// One app or source: what it is, what it may do and send, and having it or not.
import { appAddress, Refused, Unreachable, useClient } from '@alcove/client'
import { Ask, Button, Icon, useActions, useLanguage, useSay, useToast } from '@alcove/ui'
import { useState } from 'react'
import { type Change, useChange } from './api'
import css from './market.module.css'
import { Mark, Picture } from './Market'
import { mayDo, nameOf, type Offer, wordsOf } from './model'
import { texts } from './texts'

export function Opened({ offer, back }: { offer: Offer; back: () => void }) {
  const say = useSay(texts)
  const language = useLanguage()
  const toast = useToast()
  const { page, door } = useClient()
  const [asking, setAsking] = useState<Change['act']>()
  const name = nameOf(offer, language)
  const { short_description, long_description } = wordsOf(offer, language)
  const change = useChange(
    { title: () => say('installing', { name }), detail: say('installing.more') },
    {
      done: ({ act }) => toast({ text: say(`${act}.done`, { name }) }),
      failed: error => toast({ text: error instanceof Unreachable ? say('away') : say('failed', { name, reason: error instanceof Refused ? error.reason : error.message }), bad: true }),
    },
  )
  useActions([{ id: 'back', label: say('back'), group: say('title'), icon: 'left', keys: ['Escape'], keyOnly: true, run: back }])
  const facts = [say(`type.${offer.type}`), ...(offer.developer?.name ? [say('by', { name: offer.developer.name })] : []), say('version', { version: offer.version }), ...(offer.builtin ? [say('builtin')] : offer.installed ? [say('installed')] : [])]
  const address = offer.type === 'webapp' ? appAddress(page, offer.slug, window.location.protocol) : appAddress(page, 'sources', window.location.protocol, `?source=${encodeURIComponent(offer.slug)}`)
  return (
    <>
      <Button variant="subtle" className={css.back} leftSection={<Icon name="left" size={16} />} onClick={back}>
        {say('back')}
      </Button>
      <header className={css.head}>
        <Picture offer={offer} />
        <div className={css.name}>
          <h1>
            <bdi>{name}</bdi>
          </h1>
          <span className="small muted">{facts.join(' · ')}</span>
        </div>
        <div className={css.acts}>
          {offer.installed && (
            <Button component="a" href={address}>
              {say(offer.type === 'webapp' ? 'open' : 'open.source')}
            </Button>
          )}
          {!offer.installed && (
            <Button variant="filled" loading={change.isPending} onClick={() => setAsking('install')}>
              {say('install')}
            </Button>
          )}
          {offer.installed && offer.available_version && (
            <Button variant="filled" loading={change.isPending} onClick={() => setAsking('update')}>
              {say('update', { version: offer.available_version })}
            </Button>
          )}
          {offer.installed && !offer.builtin && (
            <Button variant="subtle" disabled={change.isPending} onClick={() => setAsking('remove')}>
              {say('remove')}
            </Button>
          )}
        </div>
      </header>
      {short_description && <p className={css.text}>{short_description}</p>}
      {long_description && <p className={`${css.text} muted`}>{long_description}</p>}
      <section className={css.sends}>
        <Mark label={offer.label} />
        <p>{say(`label.${offer.label}.more`)}</p>
      </section>
      <section aria-labelledby="may">
        <h2 id="may" className={css.heading}>
          {say('may')}
        </h2>
        <May offer={offer} />
      </section>
      {offer.screenshots && offer.screenshots.length > 0 && (
        <section aria-label={say('shots')}>
          <ul className={css.shots} tabIndex={0}>
            {offer.screenshots.map((shot, at) => (
              <li key={shot}>
                <img src={new URL(shot, door.origin).href} alt={say('shot', { number: at + 1, name })} loading="lazy" />
              </li>
            ))}
          </ul>
        </section>
      )}
      {asking && (
        <Ask opened title={say(`${asking}.title`, { name })} act={asking === 'update' ? say('update', { version: offer.available_version ?? '' }) : say(asking)} go={() => change.mutate({ offer, act: asking })} close={() => setAsking(undefined)}>
          {asking === 'remove' ? (
            <p>{say('remove.more')}</p>
          ) : (
            <>
              <p>{asking === 'update' ? say('update.more', { version: offer.available_version ?? '' }) : say(`label.${offer.label}.more`)}</p>
              <h3 className={css.heading}>{say('may')}</h3>
              <May offer={offer} />
            </>
          )}
        </Ask>
      )}
    </>
  )
}

function May({ offer }: { offer: Offer }) {
  const say = useSay(texts)
  const may = mayDo(offer, useLanguage())
  if (!may.length) return <p className="muted">{say('may.nothing')}</p>
  return (
    <ul className={css.may}>
      {may.map(({ title, words, reads, writes }) => (
        <li key={title}>
          <span>{words}</span>
          <span className="small muted">{say(reads && writes ? 'may.both' : writes ? 'may.writes' : 'may.reads')}</span>
        </li>
      ))}
    </ul>
  )
}
