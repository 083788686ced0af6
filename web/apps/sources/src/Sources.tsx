// The page of sources: one row each, and a page for the one that is open.
import { Button, chosen, Empty, Failure, Frame, Icon, Panel, Questions, Rows, useActions, useDrop, useHanding, useQuestions, useUrl } from '@alcove/ui'
import { useRef } from 'react'
import { KEY, useAccounts, useKonnectors, useRuns, useSchedule, useTriggers } from './api'
import { Live } from './Live'
import { describe, healthOf, type Konnector, nameOf, untaken } from './model'
import { countsIn, healthIn, nextIn, useWords } from './said'
import { Source } from './Source'
import css from './sources.module.css'

export function Sources() {
  const questions = useQuestions()
  return (
    <Frame waiting={{ sources: questions.data?.length }}>
      <Panel>
        <Page />
      </Panel>
    </Frame>
  )
}

function Page() {
  const { say, language } = useWords()
  const [url, go] = useUrl()
  const konnectors = useKonnectors()
  const handing = useHanding(KEY)
  const over = useDrop(handing, { empty: say('hand.empty'), unread: say('hand.unread') })
  const field = useRef<HTMLInputElement>(null)
  const choose = () => field.current?.click()
  const open = url.get('source')
  useActions([
    { id: 'hand', label: say('hand'), group: say('group'), icon: 'upload', keys: ['d'], run: choose },
    ...(konnectors.data ?? []).map(konnector => ({
      id: `open:${konnector.slug}`,
      label: say('open', { name: nameOf(konnector, language) }),
      group: say('group'),
      icon: 'plug' as const,
      run: () => go({ source: konnector.slug }),
    })),
    ...(open ? [{ id: 'back', label: say('back'), group: say('group'), icon: 'left' as const, keys: ['Escape'], keyOnly: true, run: () => go({ source: undefined }) }] : []),
  ])
  const chosenKonnector = konnectors.data?.find(one => one.slug === open)
  return (
    <main className={css.main}>
      <input ref={field} type="file" multiple hidden onChange={event => { handing.hand(chosen(event.target.files)); event.target.value = '' }} />
      {!chosenKonnector && <h1 className={konnectors.data?.length && !open ? css.title : 'unseen'}>{say('title')}</h1>}
      {konnectors.isPending ? (
        <div className={css.in}>
          <Rows count={4} />
        </div>
      ) : konnectors.isError && !konnectors.data ? (
        <Failure error={konnectors.error} again={() => void konnectors.refetch()} />
      ) : open && !chosenKonnector ? (
        <Empty icon="plug" title={say('unknown.title')} act={<Button onClick={() => go({ source: undefined })}>{say('back')}</Button>}>
          {say('unknown.more')}
        </Empty>
      ) : chosenKonnector ? (
        <Source key={chosenKonnector.slug} konnector={chosenKonnector} handing={handing} choose={choose} back={() => go({ source: undefined })} />
      ) : (
        <Overview konnectors={konnectors.data ?? []} handing={handing} open={slug => go({ source: slug })} />
      )}
      {over && (
        <div className={css.over} aria-hidden="true">
          <Icon name="upload" size={28} />
          {say('hand.here')}
        </div>
      )}
    </main>
  )
}

interface OverviewProps {
  konnectors: readonly Konnector[]
  handing: ReturnType<typeof useHanding>
  open: (slug: string) => void
}

function Overview({ konnectors, handing, open }: OverviewProps) {
  const { say } = useWords()
  const accounts = useAccounts()
  if (!konnectors.length) {
    return (
      <Empty icon="plug" title={say('none.title')}>
        {say('none.more')}
      </Empty>
    )
  }
  const used = new Set(accounts.data?.map(account => account.account_type))
  const [yours, others] = [konnectors.filter(one => used.has(one.slug)), konnectors.filter(one => !used.has(one.slug))]
  return (
    <div className={css.in}>
      <p className={`${css.lead} muted`}>{say('lead')}</p>
      <Panel>
        <Questions />
      </Panel>
      <Live handing={handing} />
      {accounts.isError && !accounts.data ? (
        <Failure error={accounts.error} again={() => void accounts.refetch()} />
      ) : (
        <>
          {yours.length > 0 && <Table title={say('connected')} konnectors={yours} open={open} />}
          {accounts.data && others.length > 0 && <Table title={say('available')} konnectors={others} open={open} />}
        </>
      )}
    </div>
  )
}

function Table({ title, konnectors, open }: { title: string; konnectors: readonly Konnector[]; open: (slug: string) => void }) {
  return (
    <section aria-label={title}>
      <h2 className={css.heading}>{title}</h2>
      <ul className={css.rows}>
        {konnectors.map(konnector => (
          <Row key={konnector.slug} konnector={konnector} open={open} />
        ))}
      </ul>
    </section>
  )
}

function Row({ konnector, open }: { konnector: Konnector; open: (slug: string) => void }) {
  const { say, formats, language } = useWords()
  const runs = useRuns(konnector.slug)
  const accounts = useAccounts()
  const triggers = useTriggers()
  const schedule = useSchedule()
  const questions = useQuestions()
  const own = triggers.data?.filter(one => one.connector === konnector.slug) ?? []
  const mine = accounts.data?.filter(account => account.account_type === konnector.slug) ?? []
  const [last] = runs.data?.runs ?? []
  const asks = questions.data?.some(one => one.connector === konnector.slug) ?? false
  const health = healthOf(last, mine, asks)
  const brought = countsIn(say, formats, last?.brought ?? {})
  return (
    <li>
      <button type="button" className={css.row} onClick={() => open(konnector.slug)}>
        <span className={css.sign} data-warn={!['well', 'new', 'running'].includes(health) || undefined}>
          <Icon name="plug" />
        </span>
        <span className={css.name}>
          <b>{nameOf(konnector, language)}</b>
          <span className="small muted">{describe(konnector, language, 'short')}</span>
        </span>
        <span className={css.health} data-health={health}>
          <i aria-hidden="true" />
          {runs.data && healthIn(say, health, last ? untaken(last) : 0)}
        </span>
        <span className={css.three}>
          <span className={css.fact}>
            <span className="small muted">{say('last')}</span>
            {last ? formats.ago(last.ended_at ?? last.started_at) : say('last.never')}
          </span>
          <span className={css.fact}>
            <span className="small muted">{say('next')}</span>
            {nextIn(say, formats, konnector, { triggers: own, connected: mine.length > 0, next: schedule.data?.get(konnector.slug) })}
          </span>
          <span className={css.fact}>
            <span className="small muted">{say('brought')}</span>
            <span className="num">{brought || say('brought.none')}</span>
          </span>
        </span>
        <Icon name="right" />
      </button>
    </li>
  )
}
