// What came in last: what was handed over, and the bills beside their payments.
import { appAddress, useClient } from '@alcove/client'
import { Empty, Failure, Icon, Rows, useFormats, useSay, visible } from '@alcove/ui'
import { useArrivals, useNewBills } from './api'
import { counted, type Gathering } from './model'
import css from './place.module.css'
import { texts } from './texts'

export function New({ gatherings, loading }: { gatherings: readonly Gathering[]; loading: boolean }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const bills = useNewBills()
  const arrivals = useArrivals()
  if (loading || bills.isPending) return <Rows count={5} />
  if (bills.isError && !bills.data) return <Failure error={bills.error} again={() => void bills.refetch()} />
  const items = [
    ...gatherings.map(({ _id, files, updated_at }) => {
      const { operations = 0, bills: found = 0 } = counted(files)
      const parts = [operations && say('new.operations', { count: operations }), found && say('new.bills', { count: found })]
      const more = formats.list(parts.filter(part => typeof part === 'string')) || say('new.nothing')
      return { id: _id, at: updated_at ?? '', title: say('new.files', { count: files.length }), more, bill: false, href: undefined }
    }),
    ...(bills.data ?? []).map(({ _id, vendor = '', amount = 0, currency, isRefund, link, cozyMetadata }) => {
      const values = { vendor, amount: formats.amount(amount, currency) }
      const more = !link ? say('new.alone') : link.status === 'linked' ? say('new.linked', { day: formats.shortDay(link.date) }) : say('new.to_confirm')
      const href = link && appAddress(page, 'money', window.location.protocol, `?month=${link.date.slice(0, 7)}&open=${encodeURIComponent(link.operation)}`)
      return { id: _id, href, at: cozyMetadata.createdAt, title: say(isRefund ? 'new.refund' : 'new.bill', values), more, bill: true }
    }),
    ...(arrivals.data ?? []).map(({ _id, title, message = '', created_at, data }) => {
      const [, slug, rest] = /^([a-z0-9-]+)\/(.*)$/.exec(data?.redirectLink ?? '') ?? []
      return { id: _id, href: slug && appAddress(page, slug, window.location.protocol, rest), at: created_at, title: visible(title), more: visible(message), bill: false }
    }),
  ].sort((a, b) => b.at.localeCompare(a.at))
  return (
    <section>
      <h2 className={css.heading}>{say('new')}</h2>
      {items.length === 0 && <Empty icon="clock" title={say('new.none')} />}
      <ul className={css.new}>
        {items.map(({ id, at, title, more, bill, href }) => (
          <li key={id}>
            {bill ? <i className={css.paper} /> : <Icon name="folder" size={22} />}
            <div>
              {href ? <a href={href}>{title}</a> : title}
              <div className="small muted">{more}</div>
            </div>
            <span className="small muted">{at && formats.moment(at)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
