// The queue of links that are not sure, worked by keyboard: y, n, and on to the next.
import { Button, Empty, Failure, Icon, List, type ListHandle, Rows, useActions, useFormats, useSay } from '@alcove/ui'
import type { UseQueryResult } from '@tanstack/react-query'
import { useRef } from 'react'
import { type Link } from './model'
import css from './money.module.css'
import type { Go } from './state'
import { texts } from './texts'

const ROW_HEIGHT = 54
const PERCENT = new Intl.NumberFormat(undefined, { style: 'percent' })

export function Confirm({ waiting, chosen, go }: { waiting: UseQueryResult<Link[]>; chosen: string | undefined; go: Go }) {
  const say = useSay(texts)
  const formats = useFormats()
  const list = useRef<ListHandle>(null)
  const back = () => go({ view: 'list', link: undefined })
  useActions([
    { id: 'next', label: say('key.next'), group: say('group'), keys: ['j', 'ArrowDown'], keyOnly: true, run: () => list.current?.move(1) },
    { id: 'before', label: say('key.before'), group: say('group'), keys: ['k', 'ArrowUp'], keyOnly: true, run: () => list.current?.move(-1) },
  ])
  const links = waiting.data ?? []
  return (
    <>
      <header className={css.head}>
        <Button variant="subtle" aria-label={say('confirm.back')} onClick={back} px={7}>
          <Icon name="left" />
        </Button>
        <h2>
          {say('confirm.title')} {links.length > 0 && <span className={`${css.count} num`}>{formats.number(links.length)}</span>}
        </h2>
      </header>
      {waiting.isPending ? (
        <Rows />
      ) : waiting.isError && !waiting.data ? (
        <Failure error={waiting.error} again={() => void waiting.refetch()} />
      ) : links.length === 0 ? (
        <Empty icon="check" title={say('confirm.done')} act={<Button onClick={back}>{say('confirm.back')}</Button>}>
          {say('confirm.done.more')}
        </Empty>
      ) : (
        <List
          handle={list}
          items={links}
          label={say('confirm.list')}
          height={() => ROW_HEIGHT}
          keyOf={link => link._id}
          heading={() => false}
          chosen={chosen}
          choose={link => go({ link }, { replace: true })}
          render={(link, on) => (
            <div className={css.op} data-chosen={on || undefined}>
              <i className={css.outline} />
              <div className={css.names}>
                <div className={css.who}>{link.vendor}</div>
                <div className={css.raw}>{formats.day(link.date, { opened: true, year: true })}</div>
              </div>
              <span className={css.chip}>{say('confirm.sure', { share: PERCENT.format(link.probability) })}</span>
              <div className={`${css.amount} num`}>{formats.amount(link.cents / 100)}</div>
            </div>
          )}
        />
      )}
    </>
  )
}
