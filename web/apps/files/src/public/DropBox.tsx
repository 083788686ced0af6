// A folder into which a guest puts files, and sees none of them.
import type { Tree } from '@alcove/client'
import { Button, Icon, pick, useFileDrop, useSay, useUploads, visible } from '@alcove/ui'
import { useSyncExternalStore } from 'react'
import { LONGEST_NAME } from './guest'
import css from './public.module.css'
import { texts } from './texts'

interface Props {
  id: string
  name: string
  /** What the guest says that they are called. */
  called: string
  call: (name: string) => void
}

export function DropBox({ id, name, called, call }: Props) {
  const say = useSay(texts)
  const uploads = useUploads()
  const { counts } = useSyncExternalStore(uploads.watch, uploads.snapshot)
  const add = (tree: Tree | undefined) => tree && uploads.add({ id, name }, tree)
  const over = useFileDrop(add)
  return (
    <main className={css.middle}>
      <section className={css.box} data-over={over || undefined}>
        <Icon name={counts.done > 0 && !counts.sending ? 'check' : 'upload'} size={40} stroke={1.2} />
        <h1>{name ? say('drop.title', { name: visible(name) }) : say('drop.title.plain')}</h1>
        <p className="muted">{over ? say('drop.here') : say('drop.more')}</p>
        <label className={css.called}>
          <span>{say('drop.name')}</span>
          <input value={called} maxLength={LONGEST_NAME} autoComplete="name" placeholder={say('drop.name.none')} onChange={event => call(event.target.value)} />
          <span className="small muted">{say('drop.name.more')}</span>
        </label>
        <Button variant="filled" size="md" leftSection={<Icon name="upload" />} onClick={() => void pick().then(add)}>
          {say('drop.choose')}
        </Button>
        <p role="status">{counts.done > 0 && say('drop.done', { count: counts.done })}</p>
      </section>
    </main>
  )
}
