// The opened operation: its bill, why they belong together, its category; here they are confirmed, refused, unlinked.
import { useClient } from '@alcove/client'
import { Button, Empty, Failure, Icon, Kbd, Skeleton, useActions, useFormats, useLanguage, useSay, useToast } from '@alcove/ui'
import { useState } from 'react'
import { choiceOfBill, choiceOfOperation } from './byhand'
import { fileAddress, useBill, useDecide, useLinksOf, useOperation, useSort, type Verb } from './api'
import { type Account, type Bill, CATEGORIES, categoryOf, dayOf, familyOf, type Link, nameOf, NONE, type Operation } from './model'
import css from './money.module.css'
import { Pick } from './Pick'
import { Returns } from './Returns'
import { Sheet } from './Sheet'
import { texts } from './texts'
import { sentences } from './why'

interface Props {
  id: string
  /** The link that stands in the queue, where one came from there. */
  queued: string | undefined
  accounts: readonly Account[]
  close: () => void
  /** Goes on to the next one in the queue. */
  next?: (() => void) | undefined
}

export function Opened({ id, queued, accounts, close, next }: Props) {
  const say = useSay(texts)
  const formats = useFormats()
  const operation = useOperation(id)
  const links = useLinksOf(id)
  const here = (links.data ?? []).filter(link => link.operation === id && link.status !== 'refused')
  const first = here.find(link => link._id === queued) ?? here.find(link => link.status === 'to_confirm') ?? here[0]
  const shown = queued ? here.filter(link => link === first) : here
  if (operation.isPending) {
    return (
      <div aria-busy="true">
        <Skeleton height={14} width="60%" />
        <Skeleton height={30} width="45%" mt={8} />
        <Skeleton height={120} mt={24} />
      </div>
    )
  }
  if (operation.isError && !operation.data) return <Failure error={operation.error} again={() => void operation.refetch()} />
  const one = operation.data
  if (!one) return <Empty icon="money" title={say('open.missing')} act={<Button onClick={close}>{say('open.close')}</Button>} />
  const account = accounts.find(found => found._id === one.account)
  return (
    <>
      <div className={css.openHead}>
        <span className="muted">{[formats.day(dayOf(one.date), { opened: true, year: true }), account?.label].filter(Boolean).join(' · ')}</span>
        <Button variant="subtle" px={7} aria-label={say('open.close')} onClick={close} className={css.closer ?? ''}>
          <Icon name="cross" />
        </Button>
      </div>
      <div className={`${css.big} num`}>{formats.amount(one.amount, one.currency, { plus: one.amount > 0 })}</div>
      <h2 className={css.openName}>{nameOf(one)}</h2>
      {one.originalBankLabel && <div className="small muted">{one.originalBankLabel}</div>}
      {links.isPending ? (
        <Skeleton height={120} mt={18} />
      ) : shown.length > 0 ? (
        shown.map(link => <Together key={link._id} link={link} operation={one} main={link === first} next={next} />)
      ) : (
        <div className={css.lonely}>
          <i className={css.outline} />
          <div>
            {say('open.without')}
            <div className="small muted">{say('open.without.more')}</div>
          </div>
        </div>
      )}
      {links.data && !queued && <ByHand key={one._id} operation={one} another={shown.length > 0} />}
      <Facts operation={one} />
    </>
  )
}

/** A bill that only the person knows to belong to the operation. */
function ByHand({ operation, another }: { operation: Operation; another: boolean }) {
  const say = useSay(texts)
  const [picking, setPicking] = useState(false)
  const pick = () => setPicking(true)
  const label = say(another ? 'open.another' : 'open.link')
  useActions([{ id: 'link', label, group: say('group'), icon: 'link', keys: ['l'], run: pick }])
  return (
    <div className={css.acts}>
      <Button variant={another ? 'subtle' : 'default'} onClick={pick} rightSection={<Kbd>L</Kbd>}>
        {label}
      </Button>
      {picking && <Pick for={choiceOfOperation(operation)} side="operation" close={() => setPicking(false)} />}
    </div>
  )
}

/** A bill and why it belongs to the operation. Keys work on the main one. */
function Together({ link, operation, main, next }: { link: Link; operation: Operation; main: boolean; next: (() => void) | undefined }) {
  const say = useSay(texts)
  const formats = useFormats()
  const bill = useBill(link.bill)
  const decide = useDecide()
  const waits = link.status === 'to_confirm'
  const word = (verb: Verb) => {
    if (waits) next?.()
    decide({ link, verb })
  }
  const yes = () => word('confirm')
  const no = () => word(waits ? 'refuse' : 'unlink')
  useActions(
    !main
      ? []
      : waits
        ? [
            { id: 'yes', label: say('key.confirm'), group: say('group'), icon: 'check', keys: ['y', 'o'], run: yes },
            { id: 'no', label: say('key.refuse'), group: say('group'), icon: 'cross', keys: ['n'], run: no },
          ]
        : [{ id: 'unlink', label: say('open.unlink'), group: say('group'), icon: 'link', keys: ['u'], run: no }],
  )
  const reasons = sentences(link, bill.data, operation, say, formats)
  return (
    <section className={css.together}>
      {bill.isPending ? <Skeleton height={122} my={18} /> : <BillCard bill={bill.data ?? undefined} link={link} />}
      <h2>{say(waits ? 'open.maybe' : 'open.why')}</h2>
      <ul className={css.why}>
        {reasons.map(({ text, more, good }, at) => (
          <li key={at} data-doubt={!good || undefined}>
            <Icon name={good ? 'check' : 'warn'} />
            <span className="num">{text}</span>
            {more && <span className="small muted">{more}</span>}
          </li>
        ))}
      </ul>
      <div className={css.acts}>
        {waits ? (
          <>
            <Button variant="filled" onClick={yes} rightSection={<Kbd>Y</Kbd>}>
              {say(link.role === 'expense' ? 'confirm.yes.expense' : 'confirm.yes')}
            </Button>
            <Button onClick={no} rightSection={<Kbd>N</Kbd>}>
              {say('confirm.no')}
            </Button>
          </>
        ) : (
          <Button onClick={no} rightSection={<Kbd>U</Kbd>}>
            {say('open.unlink')}
          </Button>
        )}
      </div>
    </section>
  )
}

/** A bill that no operation was found for: what it is, and that its payment is still looked for. */
export function BillAlone({ id, close, open }: { id: string; close: () => void; open: (operation: string) => void }) {
  const say = useSay(texts)
  const bill = useBill(id)
  const [picking, setPicking] = useState(false)
  if (bill.isPending) return <Skeleton height={122} my={18} />
  if (bill.isError && !bill.data) return <Failure error={bill.error} again={() => void bill.refetch()} />
  if (!bill.data) return <Empty icon="bill" title={say('alone.missing')} act={<Button onClick={close}>{say('open.close')}</Button>} />
  return (
    <>
      <div className={css.openHead}>
        <span className="muted">{say('alone')}</span>
        <Button variant="subtle" px={7} aria-label={say('alone.close')} onClick={close}>
          <Icon name="cross" />
        </Button>
      </div>
      <BillCard bill={bill.data} />
      <p className="small muted">{say('alone.more')}</p>
      <div className={css.acts}>
        <Button onClick={() => setPicking(true)}>{say('alone.link')}</Button>
      </div>
      {picking && <Pick for={choiceOfBill(bill.data)} side="bill" close={() => setPicking(false)} chosen={choice => open(choice.id)} />}
    </>
  )
}

function BillCard({ bill, link }: { bill: Bill | undefined; link?: Link }) {
  const say = useSay(texts)
  const formats = useFormats()
  const client = useClient()
  const toast = useToast()
  const [opening, setOpening] = useState(false)
  const open = async () => {
    if (!bill) return
    // Opened at once, while the click still counts as the person's wish, and led to the file when its address is there.
    const page = window.open('', '_blank')
    setOpening(true)
    try {
      const address = await fileAddress(client, bill)
      if (!page) toast({ text: say('open.file.blocked'), bad: true })
      else if (address) {
        page.opener = null
        page.location.replace(address)
      } else {
        page.close()
        toast({ text: say('open.file.none'), bad: true })
      }
    } catch (error) {
      page?.close()
      toast({ text: say('failed', { reason: error instanceof Error ? error.message : '' }), bad: true })
    } finally {
      setOpening(false)
    }
  }
  const day = bill?.date && formats.shortDay(dayOf(bill.date))
  const title = !day ? say('open.bill.undated') : say(bill?.isRefund ? 'open.refund' : 'open.bill', { day })
  const created = bill?.cozyMetadata?.createdAt
  return (
    <div className={css.bill}>
      <Sheet bill={bill} />
      <div>
        <b>{title}</b>
        <div className="small muted">{bill?.vendor || link?.vendor}</div>
        <div className="small muted num">
          {bill?.amount !== undefined && formats.amount(bill.amount, bill.currency)}
          {bill?.vendorRef && ` · ${say('open.bill.number', { number: bill.vendorRef })}`}
        </div>
        {created && <div className="small muted">{say('open.bill.from', { day: formats.shortDay(created) })}</div>}
        {bill?.invoice ? (
          <Button mt={10} onClick={() => void open()} disabled={opening}>
            {say('open.file')}
          </Button>
        ) : (
          <div className="small muted">{say('open.file.none')}</div>
        )}
      </div>
    </div>
  )
}

/** The categories under their headings, for a choice. */
const FAMILIES = Map.groupBy(Object.keys(CATEGORIES), familyOf)

function Facts({ operation }: { operation: Operation }) {
  const say = useSay(texts)
  const formats = useFormats()
  const language = useLanguage()
  const sort = useSort()
  const category = categoryOf(operation)
  const name = (id: string) => (id === NONE ? say('uncategorised') : (CATEGORIES[id]?.[language] ?? id))
  const bought = operation.realisationDate && dayOf(operation.realisationDate)
  return (
    <dl className={css.facts}>
      <dt>
        <label htmlFor="category">{say('open.category')}</label>
      </dt>
      <dd>
        <select
          id="category"
          className={css.select}
          value={category}
          onChange={event => sort({ operation, category: event.target.value, name: name(event.target.value) })}
        >
          {[...FAMILIES].map(([family, members]) =>
            members.length === 1 ? (
              <option key={family} value={family}>
                {name(family)}
              </option>
            ) : (
              <optgroup key={family} label={name(family)}>
                {members.map(id => (
                  <option key={id} value={id}>
                    {name(id)}
                  </option>
                ))}
              </optgroup>
            ),
          )}
        </select>
      </dd>
      <Returns operation={operation} />
      {bought && bought !== dayOf(operation.date) && (
        <>
          <dt>{say('open.date')}</dt>
          <dd>{formats.shortDay(bought)}</dd>
        </>
      )}
    </dl>
  )
}
