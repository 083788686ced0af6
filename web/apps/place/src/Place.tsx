// The home page: what needs the person, what is new, what feeds the place; and the doors by which things come in.
import { chosen, Failure, Frame, Icon, Panel, Questions, sampleOf, useActions, useDrop, useHanding, useName, useSay } from '@alcove/ui'
import { useClient } from '@alcove/client'
import { useRef } from 'react'
import { useArrivals, useGatherings, useSummary } from './api'
import { Doors, Strip } from './Doors'
import { Facts } from './Facts'
import { runs } from './model'
import { NeedsList, useNeeds } from './Needs'
import { New } from './New'
import css from './place.module.css'
import { Running } from './Running'
import { texts } from './texts'

export function Place() {
  const needs = useNeeds()
  return (
    <Frame waiting={{ place: needs.count, money: needs.confirm.length }}>
      <Page />
    </Frame>
  )
}

function Page() {
  const say = useSay(texts)
  const name = useName()
  const { page } = useClient()
  const gatherings = useGatherings()
  const needs = useNeeds()
  const handing = useHanding(['place'])
  const over = useDrop(handing, { empty: say('drop.empty'), unread: say('drop.unread') })
  const summary = useSummary(false)
  const arrivals = useArrivals()
  const field = useRef<HTMLInputElement>(null)
  const choose = () => field.current?.click()
  useActions([{ id: 'choose', label: say('drop.choose'), group: say('group'), icon: 'upload', keys: ['d'], run: choose }])

  const all = gatherings.data ?? []
  const empty = gatherings.data?.length === 0 && summary.data && !summary.data.operations && !summary.data.bills && !arrivals.isPending && !arrivals.data?.length
  // Until it is known whether it is the first visit, no door stands there that would change its place.
  const known = !gatherings.isPending && !summary.isPending && !arrivals.isPending
  // Nor facts that would go again.
  const unsure = gatherings.isPending || (gatherings.data?.length === 0 && (summary.isPending || arrivals.isPending))
  const first = empty && !handing.sending && !sampleOf(page)
  return (
    <main className={css.main} data-over={over || undefined}>
      <div className={css.in}>
        <h1>
          {say('hello', { name })}{' '}
          {first ? (
            <span>{say('hello.first')}</span>
          ) : (
            needs.count !== undefined && <span>{needs.count ? say('hello.some', { count: needs.count }) : say('hello.none')}</span>
          )}
        </h1>
        <div className={css.column}>
          <input ref={field} type="file" multiple hidden onChange={event => { handing.hand(chosen(event.target.files)); event.target.value = '' }} />
          <Panel>
            <Running handing={handing} gatherings={all} />
          </Panel>
          {first ? (
            <Doors choose={choose} hand={handing} />
          ) : (
            <>
              <Panel>
                <Questions />
              </Panel>
              <Panel>
                {gatherings.isError && !gatherings.data ? (
                  <Failure error={gatherings.error} again={() => void gatherings.refetch()} />
                ) : (
                  <NeedsList needs={needs} choose={choose} />
                )}
              </Panel>
              {(known || handing.sending) && <Strip choose={choose} hand={handing} />}
              <Panel>
                <New gatherings={all.filter(one => !runs(one))} loading={gatherings.isPending} />
              </Panel>
            </>
          )}
        </div>
        {!first && !unsure && (
          <aside className={css.facts}>
            <Panel>
              <Facts />
            </Panel>
          </aside>
        )}
      </div>
      {over && (
        <div className={css.over} aria-hidden="true">
          <Icon name="upload" size={28} />
          {say('drop.here')}
        </div>
      )}
    </main>
  )
}
