// What waits for the person, one row each: what it is, and the one thing to do.
import { appAddress, useClient } from '@alcove/client'
import { Button, Icon, type IconName, Modal, useFormats, useQuestions, useSay, useToast } from '@alcove/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type Alone, type ToConfirm, useAlone, useGatherings, useSources, useSummary, useToConfirm } from './api'
import { brokenSources, type FileSaid, type Gathering, repairOf, type Source, troubled, wordOf } from './model'
import css from './place.module.css'
import { texts } from './texts'

export interface Needs {
  /** How many rows there are; undefined while it is not known. */
  count: number | undefined
  confirm: readonly ToConfirm[]
  questions: number
  unread: readonly FileSaid[]
  broken: Gathering | undefined
  sources: readonly Source[]
  alone: number
}

/** All that waits. */
export function useNeeds(): Needs {
  const gatherings = useGatherings()
  const waiting = useToConfirm()
  const summary = useSummary(false)
  const fed = useSources()
  const asked = useQuestions()
  const all = gatherings.data ?? []
  const trouble = troubled(all)
  const unread = trouble.filter(said => said.outcome !== 'asked')
  const questions = asked.data?.length ?? 0
  const broken = all[0]?.state === 'errored' ? all[0] : undefined
  const confirm = waiting.data ?? []
  const sources = brokenSources(fed.data ?? [])
  const alone = summary.data?.unlinked ?? 0
  const count = questions + sources.length + [unread.length, confirm.length, broken, alone].filter(Boolean).length
  return { count: gatherings.data && waiting.data && summary.data ? count : undefined, confirm, questions, unread, broken, sources, alone }
}

interface RowProps {
  icon: IconName
  title: string
  more?: ReactNode
  act: ReactNode
  warn?: boolean
  children?: ReactNode
}

function Row({ icon, title, more, act, warn = false, children }: RowProps) {
  return (
    <div className={css.need}>
      <span className={css.sign} data-warn={warn || undefined}>
        <Icon name={icon} />
      </span>
      <div>
        <b>{title}</b>
        {more && <div className="small muted">{more}</div>}
      </div>
      <div className={css.act}>{act}</div>
      {children}
    </div>
  )
}

export function NeedsList({ needs, choose }: { needs: Needs; choose: () => void }) {
  const say = useSay(texts)
  if (!needs.count || needs.count === needs.questions) return null
  return (
    <section className={css.needs} aria-label={say('needs')}>
      {needs.sources.map(source => (
        <Broken key={source._id} source={source} />
      ))}
      {needs.confirm.length > 0 && <Confirm links={needs.confirm} />}
      {needs.broken && (
        <Row icon="warn" warn title={say('broken.title')} more={needs.broken.error} act={<Button onClick={choose}>{say('broken.do')}</Button>} />
      )}
      {needs.unread.length > 0 && <Unread files={needs.unread} />}
      {needs.alone > 0 && <WithoutPayment count={needs.alone} />}
    </section>
  )
}

function Confirm({ links }: { links: readonly ToConfirm[] }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const [one, ...others] = links
  const first = one ? say('confirm.one', { vendor: one.vendor, amount: formats.amount(one.cents / 100) }) : ''
  return (
    <Row
      icon="bill"
      title={say('confirm.title', { count: links.length })}
      more={others.length ? say('confirm.more', { first, count: others.length }) : first}
      act={
        <Button component="a" href={appAddress(page, 'money', window.location.protocol, '?view=confirm')}>
          {say('confirm.do')}
        </Button>
      }
    />
  )
}

/** A source that failed: run again with one click where that may help, else led to where it is mended. */
function Broken({ source }: { source: Source }) {
  const say = useSay(texts)
  const toast = useToast()
  const { door, page } = useClient()
  const queries = useQueryClient()
  const run = useMutation({
    mutationFn: (trigger: string) => door.ask('POST', `/jobs/triggers/${trigger}/launch`),
    onSuccess: () => toast({ text: say('source.again.begun', { name: wordOf(source) }) }),
    onError: () => toast({ text: say('source.again.failed', { name: wordOf(source) }), bad: true }),
    onSettled: () => queries.invalidateQueries({ queryKey: ['place', 'sources'] }),
  })
  const repair = repairOf(source)
  return (
    <Row
      icon="plug"
      warn
      title={say('source.broken', { name: wordOf(source) })}
      more={say(`source.state.${repair.word}`)}
      act={
        repair.trigger ? (
          <Button loading={run.isPending} onClick={() => run.mutate(repair.trigger ?? '')}>
            {say('source.again')}
          </Button>
        ) : (
          <Button component="a" href={appAddress(page, 'sources', window.location.protocol)}>
            {say('source.repair')}
          </Button>
        )
      }
    />
  )
}

function Unread({ files }: { files: readonly FileSaid[] }) {
  const say = useSay(texts)
  const [open, setOpen] = useState(false)
  return (
    <Row
      icon="warn"
      warn
      title={say('trouble.title', { count: files.length })}
      more={files[0]?.reason}
      act={<Button onClick={() => setOpen(true)}>{say('trouble.do')}</Button>}
    >
      <Modal opened={open} onClose={() => setOpen(false)} title={say('see.files')} size={640} closeButtonProps={{ 'aria-label': say('close') }}>
        <p className="muted">{say('trouble.kept')}</p>
        <FileList files={files} />
      </Modal>
    </Row>
  )
}

const SHOWN = 200

/** Files with what became of them. */
function FileList({ files }: { files: readonly FileSaid[] }) {
  const say = useSay(texts)
  return (
    <ul className={css.files}>
      {files.slice(0, SHOWN).map(({ file, outcome, reason }) => (
        <li key={file}>
          {/* A name may hold marks that turn the direction of writing: it is kept to itself. */}
          <bdi className={css.file}>{file}</bdi>
          <span className="small muted">
            {reason || (outcome === 'not_understood' || outcome === 'error' || outcome === 'asked' ? say(`see.outcome.${outcome}`) : '')}
          </span>
        </li>
      ))}
    </ul>
  )
}

function WithoutPayment({ count }: { count: number }) {
  const say = useSay(texts)
  const [open, setOpen] = useState(false)
  return (
    <Row icon="clock" title={say('alone.title', { count })} more={say('alone.more', { count })} act={<Button onClick={() => setOpen(true)}>{say('alone.do')}</Button>}>
      <Modal opened={open} onClose={() => setOpen(false)} title={say('alone.title', { count })} size={560} closeButtonProps={{ 'aria-label': say('close') }}>
        {open && <AloneList />}
      </Modal>
    </Row>
  )
}

function AloneList() {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const bills = useAlone()
  const search = ({ vendor, date }: Alone) =>
    appAddress(page, 'money', window.location.protocol, `?month=${date.slice(0, 7)}&search=${encodeURIComponent(vendor)}`)
  return (
    <>
      <p className="muted">{say('alone.what')}</p>
      <ul className={css.files}>
        {bills.data?.map(bill => (
          <li key={bill._id}>
            <a className={css.billRow} href={search(bill)}>
              <bdi className={css.file}>{bill.vendor}</bdi>
              <span className="small muted">{formats.shortDay(bill.date)}</span>
              <span className="num">{formats.amount(bill.amount, bill.currency)}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  )
}
