// The doors by which things come in: files, sources, and a sample person to look around with first.
import { appAddress, useClient } from '@alcove/client'
import { Button, chosen, type Handing, Icon, useSay } from '@alcove/ui'
import { type RefObject, useRef } from 'react'
import css from './place.module.css'
import { SampleDoor } from './Sample'
import { texts } from './texts'

function FolderButton({ hand }: { hand: Handing }) {
  const say = useSay(texts)
  const field: RefObject<HTMLInputElement | null> = useRef(null)
  return (
    <>
      <input
        ref={element => {
          field.current = element
          // React has no word for it, and browsers have no standard one.
          element?.setAttribute('webkitdirectory', '')
        }}
        type="file"
        hidden
        onChange={event => {
          hand.hand(chosen(event.target.files))
          event.target.value = ''
        }}
      />
      <Button variant="subtle" onClick={() => field.current?.click()}>
        {say('drop.folder')}
      </Button>
    </>
  )
}

export function Strip({ choose, hand }: { choose: () => void; hand: Handing }) {
  const say = useSay(texts)
  return (
    <section className={css.strip}>
      <Icon name="upload" />
      <div>
        <b>{say('drop.title')}</b>
        <div className="small muted">{say('drop.more')}</div>
      </div>
      <div className={css.act}>
        <FolderButton hand={hand} />
        <Button onClick={choose}>{say('drop.choose')}</Button>
      </div>
    </section>
  )
}

export function Doors({ choose, hand }: { choose: () => void; hand: Handing }) {
  const say = useSay(texts)
  const { page } = useClient()
  return (
    <>
      <section className={css.door}>
        <span className={css.sign}>
          <Icon name="upload" />
        </span>
        <h2>{say('drop.title')}</h2>
        <p className="muted">{say('drop.more')}</p>
        <div className={css.act}>
          <Button variant="filled" onClick={choose}>
            {say('drop.choose')}
          </Button>
          <FolderButton hand={hand} />
        </div>
      </section>
      <div className={css.doors}>
        <section className={css.door}>
          <span className={css.sign}>
            <Icon name="plug" />
          </span>
          <h2>{say('source.title')}</h2>
          <p className="muted">{say('source.more')}</p>
          <div className={css.act}>
            <Button component="a" href={appAddress(page, 'sources', window.location.protocol)}>
              {say('source.do')}
            </Button>
          </div>
        </section>
        <SampleDoor />
      </div>
    </>
  )
}
