// The mark of a sample person, on every page of its place: that all is invented, the way back, and how to end it.
import { Button } from '@mantine/core'
import { type Page, useClient } from '@alcove/client'
import { useMutation } from '@tanstack/react-query'
import css from './frame.module.css'
import { Icon } from './icons'
import { useSay } from './language'
import { texts } from './texts'

const FLAG = 'alcove.sample'

/** Whether this place is a sample person's, and the domain of who had it made, where it was made from a browser. */
export function sampleOf(page: Page): { home: string | undefined } | undefined {
  const flag = page.flags[FLAG]
  return flag ? { home: typeof flag === 'string' ? flag : undefined } : undefined
}

export function SampleMark() {
  const say = useSay(texts)
  const { door, page } = useClient()
  const sample = sampleOf(page)
  const home = sample?.home && `${window.location.protocol}//${sample.home}/`
  const end = useMutation({
    mutationFn: () => door.send('DELETE', '/sample'),
    onSuccess: () => {
      if (home) window.location.assign(home)
    },
  })
  if (!sample) return null
  if (end.isSuccess && !home) {
    return (
      <div className={css.sample} role="status">
        <Icon name="check" />
        <span>{say('sample.gone')}</span>
      </div>
    )
  }
  return (
    <section className={css.sample} aria-label={say('sample.mark')}>
      <span className={css.sampleMore}>
        <Icon name="person" />
      </span>
      <span>
        <b>{say('sample.mark')}.</b> <span className={css.sampleMore}>{say('sample.more')}</span>
      </span>
      <span className={css.sampleActs}>
        <Button size="compact-sm" variant="subtle" color="gray" loading={end.isPending || end.isSuccess} onClick={() => end.mutate()}>
          {say('sample.end')}
        </Button>
        {home && (
          <Button size="compact-sm" component="a" href={home}>
            <span className={css.sampleMore}>{say('sample.home')}</span>
            <span className={css.sampleLess}>{say('sample.home.short')}</span>
          </Button>
        )}
      </span>
    </section>
  )
}
