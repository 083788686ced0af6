// One of the ways to look at all files.
import { Panel, useSay } from '@alcove/ui'
import css from '../files.module.css'
import type { Go, State } from '../state'
import { Ways } from '../Ways'
import { Favorites, Recent, Shared } from './Lists'
import { Photos } from './Photos'
import { texts } from './texts'
import { Twice } from './Twice'

export default function View({ state, go }: { state: State; go: Go }) {
  const say = useSay(texts)
  const { show } = state
  return (
    <main className={css.main}>
      <section className={css.pane}>
        <Ways show={show} go={go} />
        <h1 className="unseen">{show && say(show)}</h1>
        <Panel key={show}>
          {show === 'recent' && <Recent go={go} />}
          {show === 'favorites' && <Favorites go={go} />}
          {show === 'photos' && <Photos state={state} go={go} />}
          {show === 'shared' && <Shared go={go} />}
          {show === 'twice' && <Twice go={go} />}
        </Panel>
      </section>
    </main>
  )
}
