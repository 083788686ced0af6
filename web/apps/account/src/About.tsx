// Which Alcove this is, under which licence, and how to find where its data lies.
import { useClient } from '@alcove/client'
import { useSay } from '@alcove/ui'
import css from './account.module.css'
import { useVersion } from './api'
import { texts } from './texts'

export function About() {
  const say = useSay(texts)
  const { page } = useClient()
  const version = useVersion()
  return (
    <dl className={css.facts}>
      <div>
        <dt>{say('about.address')}</dt>
        <dd>{page.domain}</dd>
      </div>
      <div>
        <dt>{say('about.version')}</dt>
        <dd className="num">{version.data ?? (version.isError ? say('about.unknown') : '…')}</dd>
      </div>
      <div>
        <dt>{say('about.licence')}</dt>
        <dd>
          AGPL-3.0-or-later. <span className="muted">{say('about.licence.more')}</span>
        </dd>
      </div>
      <div>
        <dt>{say('about.data')}</dt>
        <dd>
          {say('about.data.more')} <code>alcove settings</code>
        </dd>
      </div>
    </dl>
  )
}
