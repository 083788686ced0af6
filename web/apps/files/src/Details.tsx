// The details of what is chosen: what it is, where it came from, which bill it belongs to, what it was before.
import { appAddress, type FileResource, ROOT, useClient, type Version } from '@alcove/client'
import { Button, Empty, Failure, Icon, Modal, Rows, useFormats, useSay, visible } from '@alcove/ui'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Bill, useBills, useFile } from './api'
import css from './files.module.css'
import { type Entry, entryOf, kindOf } from './model'
import { Picture } from './Picture'
import { texts } from './texts'
import type { Verbs } from './verbs'

interface Props {
  id: string
  verbs: Verbs
  close: () => void
  open: (entry: Entry) => void
  share: (entry: Entry) => void
}

export function Details({ id, verbs, close, open, share }: Props) {
  const say = useSay(texts)
  const formats = useFormats()
  const found = useFile(id)
  if (found.isPending) return <Rows count={4} />
  if (found.isError && !found.data) return <Failure error={found.error} again={() => void found.refetch()} />
  if (!found.data) return <Empty icon="file" title={say('gone')}>{say('gone.more')}</Empty>
  const { file, versions } = found.data
  const entry = entryOf(file)
  const { attributes } = file
  return (
    <>
      <div className={css.detailsHead}>
        <h2>
          <bdi>{entry.name ? visible(entry.name) : say('root')}</bdi>
        </h2>
        <Button variant="subtle" px={7} aria-label={say('details.close')} onClick={close}>
          <Icon name="cross" />
        </Button>
      </div>
      {entry.pictures && (
        <button type="button" className={css.look} onClick={() => open(entry)} aria-label={say('open.of', { name: visible(entry.name) })}>
          <Picture entry={entry} size="medium" large />
        </button>
      )}
      <dl className={css.facts}>
        <Fact name={say('column.kind')}>{say(`kind.${kindOf(entry)}`)}</Fact>
        {!entry.folder && <Fact name={say('column.size')}>{formats.size(entry.size)}</Fact>}
        {entry.folder && <Fact name={say('details.holds')}>{say('count', { count: file.relationships?.contents?.meta?.count ?? 0 })}</Fact>}
        {attributes.created_at && <Fact name={say('details.made')}>{formats.shortDay(localDay(attributes.created_at))}</Fact>}
        {attributes.updated_at && <Fact name={say('details.changed')}>{formats.shortDay(localDay(attributes.updated_at))}</Fact>}
        {typeof attributes.metadata?.datetime === 'string' && attributes.metadata.datetime !== attributes.created_at && (
          <Fact name={say(entry.kind === 'image' ? 'details.taken' : 'details.dated')}>{formats.shortDay(localDay(attributes.metadata.datetime))}</Fact>
        )}
        {typeof attributes.metadata?.width === 'number' && typeof attributes.metadata.height === 'number' && (
          <Fact name={say('details.points')}>{`${formats.number(attributes.metadata.width)} × ${formats.number(attributes.metadata.height)}`}</Fact>
        )}
      </dl>
      <Origin file={file} />
      {!attributes.trashed && <SharedBy entry={entry} share={() => share(entry)} />}
      {!entry.folder && <Versions entry={entry} versions={versions} verbs={verbs} />}
    </>
  )
}

/** The local day of a moment. */
function localDay(iso: string): string {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? iso : `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="num">{children}</dd>
    </>
  )
}

interface Made {
  createdByApp?: string
  createdAt?: string
  uploadedAt?: string
  uploadedBy?: { slug?: string; oauthClient?: { name?: string }; link?: string; guest?: string }
  sourceAccount?: string
  sourceAccountIdentifier?: string
}

/** Alcove's own apps: what they bring, the person brought. */
const OWN = new Set(['files', 'place', 'drive', 'home'])
const BILLS = 'io.cozy.bills'

function Origin({ file }: { file: FileResource }) {
  const say = useSay(texts)
  const formats = useFormats()
  const made = (file.attributes.cozyMetadata ?? {}) as Made
  const slug = made.createdByApp || made.uploadedBy?.slug || undefined
  const own = slug === undefined || OWN.has(slug)
  const maker = slug === 'invoices' || slug === 'bankfiles' ? say(`source.${slug}`) : visible(slug ?? '')
  const bills = (file.relationships?.referenced_by?.data ?? []).filter(one => one.type === BILLS).map(one => one.id)
  const day = made.uploadedAt ?? made.createdAt ?? file.attributes.created_at
  const when = day ? formats.shortDay(localDay(day)) : ''
  const device = made.uploadedBy?.oauthClient?.name
  const { link, guest } = made.uploadedBy ?? {}
  const brought = guest ? say('from.guest', { guest: visible(guest), when }) : link ? say('from.link', { when }) : undefined
  const text = brought ?? (device ? say('from.device', { device: visible(device), when }) : own ? say('from.you', { when }) : say('from.source', { source: maker, when }))
  return (
    <section>
      <h2 className={css.part}>{say('from')}</h2>
      <p className={css.origin}>
        <Icon name={own ? 'person' : 'plug'} />
        <span>
          {text}
          {made.sourceAccountIdentifier && made.sourceAccountIdentifier !== slug && <span className="small muted">{visible(made.sourceAccountIdentifier)}</span>}
        </span>
      </p>
      {bills.length > 0 && <Bills ids={bills} />}
    </section>
  )
}

function Bills({ ids }: { ids: readonly string[] }) {
  const bills = useBills([...new Set(ids)])
  return bills.data?.map(bill => <BillLine key={bill._id} bill={bill} />)
}

function BillLine({ bill }: { bill: Bill }) {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const address = appAddress(page, 'money', window.location.protocol, `?bill=${encodeURIComponent(bill._id)}`)
  const vendor = bill.vendor ?? ''
  return (
    <p className={css.origin}>
      <Icon name="bill" />
      <span>
        <a href={address}>{bill.date ? say('bill.of', { vendor, day: formats.shortDay(bill.date.slice(0, 10)) }) : say('bill.undated', { vendor })}</a>
        {bill.amount !== undefined && <span className="small muted num">{formats.amount(bill.amount, bill.currency)}</span>}
      </span>
    </p>
  )
}

function SharedBy({ entry, share }: { entry: Entry; share: () => void }) {
  const say = useSay(texts)
  if (entry.id === ROOT) return null
  return (
    <section>
      <h2 className={css.part}>{say('share')}</h2>
      <Button leftSection={<Icon name="link" />} onClick={share}>
        {say('share.open')}
      </Button>
    </section>
  )
}

function Versions({ entry, versions, verbs }: { entry: Entry; versions: readonly Version[]; verbs: Verbs }) {
  const say = useSay(texts)
  const formats = useFormats()
  const queries = useQueryClient()
  const [going, setGoing] = useState<Version>()
  const newest = [...versions].sort((a, b) => (b.attributes.updated_at ?? '').localeCompare(a.attributes.updated_at ?? ''))
  const dayOf = (version: Version) => (version.attributes.updated_at ? formats.moment(version.attributes.updated_at) : '')
  return (
    <section>
      <h2 className={css.part}>{say('versions')}</h2>
      <ul className={css.versions}>
        <li>
          <span>
            {say('versions.now')}
            <span className="small muted num">{[entry.updated && formats.moment(entry.updated), formats.size(entry.size)].filter(Boolean).join(' · ')}</span>
          </span>
        </li>
        {newest.map(version => (
          <li key={version.id}>
            <button type="button" className={css.versionLook} aria-label={say('versions.look', { day: dayOf(version) })} onClick={() => void verbs.lookAtVersion(version.id)}>
              {dayOf(version)}
              <span className="small muted num">{formats.size(Number(version.attributes.size ?? 0))}</span>
            </button>
            <Button variant="subtle" px={6} aria-label={say('versions.download', { day: dayOf(version) })} title={say('download')} onClick={() => void verbs.downloadVersion(version.id)}>
              <Icon name="download" />
            </Button>
            <Button variant="subtle" px={6} aria-label={say('versions.restore', { day: dayOf(version) })} title={say('versions.restore.short')} onClick={() => void verbs.revert(version.id, dayOf(version))}>
              <Icon name="restore" />
            </Button>
            <Button variant="subtle" px={6} aria-label={say('versions.destroy', { day: dayOf(version) })} title={say('versions.destroy.short')} onClick={() => setGoing(version)}>
              <Icon name="trash" />
            </Button>
          </li>
        ))}
      </ul>
      {going && (
        <Modal opened onClose={() => setGoing(undefined)} title={say('versions.destroy.title', { day: dayOf(going) })} closeButtonProps={{ 'aria-label': say('cancel') }}>
          <p>{say('versions.destroy.more', { name: visible(entry.name) })}</p>
          <div className={css.dialogFoot}>
            <Button data-autofocus onClick={() => setGoing(undefined)}>
              {say('cancel')}
            </Button>
            <Button
              variant="filled"
              color="red"
              onClick={() => {
                void verbs.destroyVersion(going.id, dayOf(going)).then(() => queries.invalidateQueries({ queryKey: ['files', 'one', entry.id] }))
                setGoing(undefined)
              }}
            >
              {say('versions.destroy.do')}
            </Button>
          </div>
        </Modal>
      )}
      {!versions.length && <p className="small muted">{say('versions.none')}</p>}
    </section>
  )
}
