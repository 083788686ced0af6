// The picture of the person: what everybody sees who looks at their place.
import { Refused, Unreachable } from '@alcove/client'
import { Button, useSay, useToast } from '@alcove/ui'
import { type ChangeEvent, useRef, useState } from 'react'
import css from './account.module.css'
import { useChangePicture, usePicture } from './api'
import { type Key, texts } from './texts'

/** The words for a picture that was not taken. */
function reasonOf(error: unknown): Key {
  if (error instanceof Unreachable) return 'away'
  if (!(error instanceof Refused)) return 'failed'
  if (error.status === 413) return 'picture.big'
  if (error.status === 429) return 'picture.often'
  return error.status === 422 || error.status === 415 ? 'picture.wrong' : 'failed'
}

export function Picture() {
  const say = useSay(texts)
  const toast = useToast()
  const picture = usePicture()
  const change = useChangePicture()
  const field = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const keep = async (wanted: Blob | undefined, said: Key) => {
    const before = picture.data?.own ? picture.data.blob : undefined
    setBusy(true)
    try {
      await change(wanted)
      toast({ text: say(said), undo: () => void change(before).catch(error => toast({ text: say(reasonOf(error)), bad: true })) })
    } catch (error) {
      toast({ text: say(reasonOf(error)), bad: true })
    } finally {
      setBusy(false)
    }
  }
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? []
    event.target.value = '' // so that the same file can be chosen again
    if (file) void keep(file, 'picture.done')
  }
  return (
    <fieldset className={css.line} aria-busy={busy}>
      <legend>{say('picture')}</legend>
      <div className={css.control}>
        {picture.data ? <img className={css.portrait} src={picture.data.source} alt={say(picture.data.own ? 'picture.own' : 'picture.none')} /> : <span className={css.portrait} />}
        <input ref={field} type="file" accept="image/*" hidden aria-label={say('picture.choose')} onChange={chosen} />
        <Button disabled={busy} onClick={() => field.current?.click()}>
          {say('picture.choose')}
        </Button>
        {picture.data?.own && (
          <Button variant="subtle" disabled={busy} onClick={() => void keep(undefined, 'picture.gone')}>
            {say('picture.remove')}
          </Button>
        )}
      </div>
      <p className={`${css.said} muted small`}>{say('picture.more')}</p>
    </fieldset>
  )
}
