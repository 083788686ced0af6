// The page of one source: what it asks, what runs now, its runs, its accounts, what it may and did reach.
import { Button, chosen, type Handing, Icon, Panel, Questions, useQuestions, useToast } from '@alcove/ui'
import { appAddress, useClient } from '@alcove/client'
import { type RefObject, useRef, useState } from 'react'
import { Accounts } from './Accounts'
import { useAccounts, useAllowing, useHosts, useLaunch, useRuns, useSchedule, useTriggers } from './api'
import { Going, Live } from './Live'
import { describe, healthOf, type Konnector, mayDo, nameOf, reached, type Run, takesFiles, untaken } from './model'
import { RunList } from './RunList'
import { countsIn, healthIn, nextIn, useWords } from './said'
import css from './sources.module.css'

export interface SourceProps {
  konnector: Konnector
  handing: Handing
  choose: () => void
  back: () => void
}

const PAGE = 30

export function Source({ konnector, handing, choose, back }: SourceProps) {
  const { say, formats, language } = useWords()
  const toast = useToast()
  const [limit, setLimit] = useState(PAGE)
  const runs = useRuns(konnector.slug, limit)
  const accounts = useAccounts()
  const triggers = useTriggers()
  const schedule = useSchedule()
  const questions = useQuestions()
  const launch = useLaunch()
  const name = nameOf(konnector, language)
  const mine = accounts.data?.filter(account => account.account_type === konnector.slug) ?? []
  const own = triggers.data?.filter(trigger => trigger.connector === konnector.slug) ?? []
  const all = runs.data?.runs ?? []
  const [last] = all
  const health = healthOf(last, mine, questions.data?.some(one => one.connector === konnector.slug) ?? false)
  const runNow = () => {
    for (const { id } of own) {
      launch.mutate(id, {
        onSuccess: () => toast({ text: say('run.begun', { name }) }),
        onError: error => toast({ text: say('run.failed', { name, reason: error.message }), bad: true }),
      })
    }
  }
  const going = all.filter(run => run.state === 'running')
  return (
    <div className={css.in}>
      <header className={css.top}>
        <Button variant="subtle" onClick={back} leftSection={<Icon name="left" size={16} />}>
          {say('back')}
        </Button>
        <h1>{name}</h1>
        <p className="muted">{describe(konnector, language, 'long')}</p>
        <dl className={css.facts}>
          <div>
            <dt className="unseen">{say('title')}</dt>
            <dd className={css.health} data-health={health}>
              <i aria-hidden="true" />
              {runs.data && healthIn(say, health, last ? untaken(last) : 0)}
            </dd>
          </div>
          <div>
            <dt className="small muted">{say('last')}</dt>
            <dd>{last ? formats.ago(last.ended_at ?? last.started_at) : say('last.never')}</dd>
          </div>
          <div>
            <dt className="small muted">{say('next')}</dt>
            <dd>{nextIn(say, formats, konnector, { triggers: own, connected: mine.length > 0, next: schedule.data?.get(konnector.slug) })}</dd>
          </div>
          <div>
            <dt className="small muted">{say('brought')}</dt>
            <dd className="num">{countsIn(say, formats, last?.brought ?? {}) || say('brought.none')}</dd>
          </div>
        </dl>
      </header>
      <div className={css.columns}>
        <div className={css.column}>
          <Panel>
            <Questions connector={konnector.slug} />
          </Panel>
          <Live handing={handing} />
          {going.map(run => (
            <Going key={run._id} run={run} />
          ))}
          {takesFiles(konnector) ? (
            <Strip konnector={konnector} handing={handing} choose={choose} />
          ) : (
            own.length > 0 && (
              <div>
                <Button variant="filled" loading={launch.isPending} onClick={runNow}>
                  {say('run.now')}
                </Button>
              </div>
            )
          )}
          <Panel>
            <RunList konnector={konnector} runs={runs} handing={handing} choose={choose} more={() => setLimit(limit + PAGE)} />
          </Panel>
        </div>
        <aside className={css.side}>
          <Panel>
            <Accounts konnector={konnector} accounts={mine} triggers={own} ready={accounts.isSuccess} />
          </Panel>
          <Reach konnector={konnector} runs={all} />
        </aside>
      </div>
    </div>
  )
}

function Strip({ konnector, handing, choose }: Pick<SourceProps, 'konnector' | 'handing' | 'choose'>) {
  const { say, formats } = useWords()
  const folder: RefObject<HTMLInputElement | null> = useRef(null)
  const kinds = formats.list([...new Set(konnector.inputs?.extensions?.map(one => one.slice(1).toUpperCase()))])
  return (
    <section className={css.strip}>
      <Icon name="upload" />
      <div>
        <b>{say('hand.title')}</b>
        <div className="small muted">{say('hand.more', { kinds })}</div>
      </div>
      <div className={css.act}>
        <input
          ref={element => {
            folder.current = element
            // React has no word for it, and browsers have no standard one.
            element?.setAttribute('webkitdirectory', '')
          }}
          type="file"
          hidden
          onChange={event => {
            handing.hand(chosen(event.target.files))
            event.target.value = ''
          }}
        />
        <Button variant="subtle" onClick={() => folder.current?.click()}>
          {say('hand.folder')}
        </Button>
        <Button onClick={choose}>{say('hand')}</Button>
      </div>
    </section>
  )
}

function Reach({ konnector, runs }: { konnector: Konnector; runs: readonly Run[] }) {
  const { say, formats, language } = useWords()
  const may = mayDo(konnector, language)
  const hosts = konnector.egress ?? []
  const { page } = useClient()
  const did = reached(runs)
  return (
    <>
      <section className={css.part}>
        <h2 className={css.heading}>{say('may')}</h2>
        {may.length === 0 && <p>{say('may.nothing')}</p>}
        <ul className={css.may}>
          {may.map(({ title, words, reads, writes }) => (
            <li key={title}>
              {words}
              <span className="small muted">{say(reads && writes ? 'may.both' : writes ? 'may.writes' : 'may.reads')}</span>
            </li>
          ))}
        </ul>
      </section>
      <section className={css.part}>
        <h2 className={css.heading}>{say('reach')}</h2>
        <p>{hosts.length ? say('reach.hosts', { hosts: formats.list(hosts) }) : say(konnector.egress || takesFiles(konnector) ? 'reach.none' : 'reach.learned')}</p>
        <Hosts slug={konnector.slug} />
      </section>
      <section className={css.part}>
        <h2 className={css.heading}>{say('did')}</h2>
        <p>{say(`did.${did}`, { count: runs.length })}</p>
        {did === 'told' && <a href={appAddress(page, 'egress', window.location.protocol, `?who=${encodeURIComponent(konnector.slug)}`)}>{say('did.see')}</a>}
      </section>
    </>
  )
}

/** The hosts that it wanted to connect to without having said so before, and what the person allows of them. */
function Hosts({ slug }: { slug: string }) {
  const { say } = useWords()
  const toast = useToast()
  const hosts = useHosts(slug)
  const allow = useAllowing(slug, error => toast({ text: say('host.failed', { reason: error.message }), bad: true }))
  if (!hosts.data?.length) return null
  return (
    <ul className={css.accounts}>
      {hosts.data.map(({ host, state }) => (
        <li key={host}>
          <span className={css.account}>
            <bdi>{host}</bdi>
            <span className="small muted"> {say(`host.${state}`)}</span>
          </span>
          {state !== 'allowed' && (
            <Button variant="subtle" size="compact-sm" onClick={() => allow({ host, state: 'allowed' })} aria-label={say('host.allow.name', { host })}>
              {say('host.allow')}
            </Button>
          )}
          {state !== 'refused' && (
            <Button variant="subtle" size="compact-sm" onClick={() => allow({ host, state: 'refused' })} aria-label={say('host.refuse.name', { host })}>
              {say('host.refuse')}
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}
