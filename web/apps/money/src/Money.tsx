// The page of Money: accounts on the left, the list in the middle, the opened operation with its bill on the right.
import { appAddress, useClient } from '@alcove/client'
import { type Action, Button, Empty, Failure, Frame, Modal, Panel, Rows, useActions, useFormats, useSay } from '@alcove/ui'
import { useCallback, useMemo, useState } from 'react'
import { Accounts } from './Accounts'
import { useArrival } from './arrival'
import { useAccounts, useBounds, useMonth, useToConfirm } from './api'
import { Confirm } from './Confirm'
import { type Category, CATEGORIES, monthAfter } from './model'
import css from './money.module.css'
import { Months } from './Months'
import { BillAlone, Opened } from './Opened'
import { Operations } from './Operations'
import { monthNow, useMoneyState } from './state'
import { texts } from './texts'

export function Money() {
  const say = useSay(texts)
  const waiting = useToConfirm()
  const [state, go] = useMoneyState('')
  const asked = useCallback(
    (typed: string): Action[] => [
      {
        id: 'search-in',
        label: say('search.in', { text: typed }),
        group: say('group'),
        icon: 'search',
        run: () => go({ view: 'list', search: typed, open: undefined }),
      },
    ],
    // `go` only writes the address, whatever it was made for.
    [say],
  )
  return (
    <Frame waiting={{ money: waiting.data && new Set(waiting.data.map(one => one.bill)).size }} asked={asked}>
      <Panel key={state.view}>
        <Page />
      </Panel>
    </Frame>
  )
}

function Page() {
  const say = useSay(texts)
  const bounds = useBounds()
  const [state, go] = useMoneyState('')
  const { page } = useClient()
  if (bounds.isPending) {
    return (
      <main className={css.main}>
        <div className={css.accounts} />
        <section className={css.list}>
          <div className={css.head} />
          <Rows count={12} />
        </section>
        <div className={css.side} />
      </main>
    )
  }
  if (bounds.isError && !bounds.data) return <main><Failure error={bounds.error} again={() => void bounds.refetch()} /></main>
  if (!bounds.data && state.bill) {
    return (
      <main className={css.first}>
        <h1 className="unseen">{say('title')}</h1>
        <BillAlone id={state.bill} close={() => go({ bill: undefined })} open={operation => go({ operation, bill: undefined })} />
      </main>
    )
  }
  if (!bounds.data) {
    return (
      <main className={css.first}>
        <h1 className="unseen">{say('title')}</h1>
        <Empty
          icon="money"
          title={say('list.empty')}
          act={
            <Button variant="filled" component="a" href={appAddress(page, 'place', window.location.protocol)}>
              {say('list.empty.do')}
            </Button>
          }
        >
          {say('list.empty.more')}
        </Empty>
      </main>
    )
  }
  return <Ledger oldest={bounds.data.oldest} newest={bounds.data.newest} />
}

function Ledger({ oldest, newest }: { oldest: string; newest: string }) {
  const say = useSay(texts)
  const formats = useFormats()
  const [state, go] = useMoneyState(newest)
  const accounts = useAccounts()
  const month = useMonth(state.month, state.account)
  const waiting = useToConfirm()
  const [filtering, setFiltering] = useState(false)
  const bill = useArrival(state, go)
  const link = state.view === 'confirm' ? (waiting.data?.find(one => one._id === state.link) ?? waiting.data?.[0]) : undefined
  const asked = useMemo(() => new Set(waiting.data?.map(one => one.operation)), [waiting.data])
  const open = state.view === 'confirm' ? link?.operation : state.open
  const next = () => {
    const queue = waiting.data ?? []
    const at = queue.findIndex(one => one._id === link?._id)
    go({ link: (queue[at + 1] ?? queue[at - 1])?._id }, { replace: true })
  }
  const close = () => go({ open: undefined, link: undefined, bill: undefined, ...(state.view === 'confirm' && { view: 'list' }) }, { calm: true })
  const earlier = state.month > oldest.slice(0, 7)
  const later = state.month < newest.slice(0, 7)
  const turn = (by: number) => {
    const month = monthAfter(monthNow(newest), by)
    if (month >= oldest.slice(0, 7) && month <= newest.slice(0, 7)) go({ month, open: undefined, search: undefined }, { calm: true })
  }

  useActions([
    { id: 'list', label: say('confirm.back'), group: say('group'), icon: 'money', run: () => go({ view: 'list', link: undefined }, { calm: true }) },
    { id: 'confirm', label: say('confirm.title'), group: say('group'), icon: 'bill', keys: ['c'], run: () => go({ view: 'confirm', link: undefined }, { calm: true }) },
    { id: 'months', label: say('chart'), group: say('group'), icon: 'chart', keys: ['m'], run: () => go({ view: 'months', open: undefined }, { calm: true }) },
    ...(earlier ? [{ id: 'earlier', label: say('month.before'), group: say('group'), icon: 'left' as const, keys: ['['], run: () => turn(-1) }] : []),
    ...(later ? [{ id: 'later', label: say('month.after'), group: say('group'), icon: 'right' as const, keys: [']'], run: () => turn(1) }] : []),
    ...(accounts.data ?? []).map(account => ({
      id: `account:${account._id}`,
      label: account.label || say('accounts.none'),
      group: say('accounts'),
      icon: 'money' as const,
      run: () => go({ account: account._id, view: 'list', open: undefined }, { calm: true }),
    })),
    ...(open || bill ? [{ id: 'close', label: say('open.close'), group: say('group'), keys: ['Escape'], keyOnly: true, run: close }] : []),
  ])

  const filters = (
    <Accounts
      accounts={accounts}
      operations={month.data}
      month={state.month}
      account={state.account}
      category={state.category}
      choose={changes => {
        go({ ...changes, open: undefined, view: state.view === 'confirm' ? 'list' : state.view }, { calm: true })
        setFiltering(false)
      }}
    />
  )
  const category: Category | undefined = state.category ? CATEGORIES[state.category] : undefined
  const shared = { state, go, filter: () => setFiltering(true) }
  return (
    <main className={css.main} data-open={bill !== undefined || (open !== undefined && !(state.view === 'confirm' && !state.link)) ? true : undefined}>
      <h1 className="unseen">{say('title')}</h1>
      <aside className={css.accounts} aria-label={say('accounts')}>
        <Panel>{filters}</Panel>
      </aside>
      <section className={css.list} aria-label={say('list')}>
        <Panel key={state.view}>
          {state.view === 'confirm' && <Confirm waiting={waiting} chosen={link?._id} go={go} />}
          {state.view === 'months' && <Months {...shared} />}
          {state.view === 'list' && (
            <Operations
              {...shared}
              oldest={oldest}
              accounts={accounts.data ?? []}
              category={category}
              asked={asked}
              waiting={new Set(waiting.data?.map(one => one.bill)).size}
              turn={{ earlier: earlier ? () => turn(-1) : undefined, later: later ? () => turn(1) : undefined }}
            />
          )}
        </Panel>
      </section>
      <aside className={css.side} aria-label={say('open.page')}>
        <Panel key={bill ?? open}>
          {bill ? (
            <BillAlone id={bill} close={close} open={operation => go({ operation, bill: undefined })} />
          ) : open ? (
            <Opened id={open} queued={link?._id} accounts={accounts.data ?? []} close={close} next={link && next} />
          ) : (
            state.view !== 'confirm' && (
              <Empty icon="bill" title={say('open.none')}>
                {say('open.none.more')}
              </Empty>
            )
          )}
        </Panel>
      </aside>
      <Modal opened={filtering} onClose={() => setFiltering(false)} title={`${say('filter')} · ${formats.month(state.month)}`} size={360}>
        {filters}
      </Modal>
    </main>
  )
}
