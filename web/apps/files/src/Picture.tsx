// The small picture of an entry: its thumbnail as soon as there is one, the sign of its kind until then.
import { type Size, useClient } from '@alcove/client'
import { Icon } from '@alcove/ui'
import { useState } from 'react'
import css from './files.module.css'
import { type Entry, iconOf } from './model'

/** Whether it is more than the one point that stands for a picture which is not made yet. */
export function isPicture(image: HTMLImageElement): boolean {
  return image.naturalWidth > 1 || image.naturalHeight > 1
}

export function Picture({ entry, size, large = false }: { entry: Entry; size: Size; large?: boolean }) {
  const { files } = useClient()
  const link = entry.pictures?.[size]
  const base = link && files.picture(link, entry.mark)
  // One that is shown stays; one that was not there yet is asked for again when it is told that it was made.
  const [shown, setShown] = useState<{ base: string; src: string }>()
  const [failed, setFailed] = useState<string>()
  const fresh = entry.turn ? `${base}&${entry.turn}` : base
  const done = shown !== undefined && shown.base === base
  const src = done ? shown.src : fresh
  const asks = base !== undefined && src !== undefined && failed !== src
  const loaded = (image: HTMLImageElement) => {
    if (base === undefined || src === undefined) return
    if (isPicture(image)) setShown({ base, src })
    else setFailed(src)
  }
  return (
    <span className={large ? css.cover : css.thumb} data-kind={entry.kind} data-there={(asks && done) || undefined}>
      {!(asks && done) && <Icon name={iconOf(entry)} size={large ? 44 : 20} stroke={large ? 1.2 : 1.6} />}
      {asks && <img src={src} alt="" loading="lazy" decoding="async" draggable={false} onLoad={event => loaded(event.currentTarget)} onError={() => setFailed(src)} />}
    </span>
  )
}
