// The ways to look at all files besides folders: what is recent, favoured, a picture, shared, here twice.
import { Icon, type IconName, useSay } from '@alcove/ui'
import css from './files.module.css'
import type { Go, Show } from './state'
import { texts } from './texts'

const WAYS: readonly [Show | undefined, IconName][] = [
  [undefined, 'folder'],
  ['recent', 'clock'],
  ['favorites', 'star'],
  ['photos', 'image'],
  ['shared', 'link'],
  ['twice', 'copy'],
]

export function Ways({ show, go }: { show: Show | undefined; go: Go }) {
  const say = useSay(texts)
  return (
    <nav className={css.ways} aria-label={say('ways')}>
      {WAYS.map(([way, icon]) => (
        <a
          key={icon}
          href={way ? `/?show=${way}` : '/'}
          ref={way === show ? (own => own?.scrollIntoView({ block: 'nearest', inline: 'center' })) : undefined}
          aria-current={way === show ? 'page' : undefined}
          onClick={event => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return
            event.preventDefault()
            go({ show: way, folder: undefined, file: undefined, filter: undefined, look: undefined, search: undefined, kind: undefined, when: undefined, from: undefined, inside: undefined }, { calm: true })
          }}
        >
          <Icon name={icon} size={16} />
          {say(way ? `way.${way}` : 'root')}
        </a>
      ))}
    </nav>
  )
}
