// The page of a link: what is shared, for who has no account here, on whatever they hold in their hands.
import { useClient } from '@alcove/client'
import { Empty, Failure, Icon, Rows, UploadsProvider, useSay, useUrl } from '@alcove/ui'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useRef, useState } from 'react'
import { DropBox } from './DropBox'
import { Folder } from './Folder'
import { guestName, guestTarget, type Opened, opened, rememberGuest } from './guest'
import css from './public.module.css'
import { Lone } from './Look'
import { texts } from './texts'

export function Public() {
  const say = useSay(texts)
  const { door, page } = useClient()
  const link = useQuery({ queryKey: ['link'], queryFn: () => opened(door), staleTime: Infinity })
  return (
    <div className={css.page}>
      {link.isPending ? (
        <main className={css.main}>
          <Rows count={6} />
        </main>
      ) : link.isError ? (
        <main className={css.middle}>
          <Failure error={link.error} again={() => void link.refetch()} />
        </main>
      ) : link.data === null ? (
        <main className={css.middle}>
          <Ended />
        </main>
      ) : (
        <Shared link={link.data} />
      )}
      <footer className={css.foot}>
        <Icon name="alcove" size={16} />
        <span>{say('owner', { domain: page.domain })}</span>
      </footer>
    </div>
  )
}

function Shared({ link }: { link: Opened }) {
  const { files } = useClient()
  const [called, setCalled] = useState(guestName)
  const latest = useRef(called)
  latest.current = called
  const target = useMemo(() => guestTarget(files, link.level, () => (link.level === 'drop' ? latest.current : '')), [files, link.level])
  const name = (next: string) => {
    setCalled(next)
    rememberGuest(next)
  }
  return (
    <UploadsProvider target={target}>
      {link.level === 'drop' ? <DropBox id={link.ids[0] ?? ''} name={link.name} called={called} call={name} /> : <Tops link={link} />}
    </UploadsProvider>
  )
}

function Ended() {
  const say = useSay(texts)
  return (
    <>
      <h1 className="unseen">{say('ended')}</h1>
      <Empty icon="link" title={say('ended')}>
        {say('ended.more')}
      </Empty>
    </>
  )
}

/** What is shared: a folder with what is in it, or a file alone. */
function Tops({ link }: { link: Opened }) {
  const { files } = useClient()
  const [url] = useUrl()
  const tops = useQuery({
    queryKey: ['shared', 'tops'],
    queryFn: async () => {
      const found = await Promise.allSettled(link.ids.map(id => files.get(id)))
      return found.flatMap(one => (one.status === 'fulfilled' ? [one.value.file] : []))
    },
  })
  if (tops.isPending) return <main className={css.main}><Rows count={6} /></main>
  if (tops.isError) return <main className={css.middle}><Failure error={tops.error} again={() => void tops.refetch()} /></main>
  const living = tops.data.filter(one => !one.attributes.trashed && one.attributes.path?.startsWith('/.cozy_trash') !== true)
  const [one] = living
  if (!one) return <main className={css.middle}><Ended /></main>
  if (living.length === 1 && one.attributes.type === 'file') return <Lone file={one} />
  const folder = url.get('folder') ?? (living.length === 1 ? one.id : undefined)
  return <Folder key={folder ?? ''} id={folder} tops={living} level={link.level} />
}
