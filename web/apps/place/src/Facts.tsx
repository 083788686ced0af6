// What is true of the place now: what left it, what it holds, what feeds it, its space, its backup.
import { appAddress, useClient } from '@alcove/client'
import { Bar, sampleOf, useFormats, useSay } from '@alcove/ui'
import { useConfined, useLeft, useSchedule, useSources, useSpace, useSummary } from './api'
import { needsRepair, repairOf, type Source } from './model'
import css from './place.module.css'
import { SampleFact } from './Sample'
import { texts } from './texts'

/** From this share of the quota on, the bar warns. */
const TIGHT = 0.9

export function Facts() {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const { data } = useSummary(false)
  const sources = useSources()
  const schedule = useSchedule()
  const space = useSpace()
  return (
    <>
      <LeftFact />
      <div className={css.fact}>
        <h2 className={css.heading}>{say('holds')}</h2>
        {data && (
          <>
            <div className="num">
              {data.operations ? say('done.of', { months: say('new.operations', { count: data.operations }), accounts: say('done.accounts', { count: data.accounts }) }) : say('holds.none')}
            </div>
            {data.bills > 0 && <div className="small muted num">{say(data.linked ? 'holds.bills' : 'holds.bills.alone', { count: data.bills, linked: data.linked })}</div>}
          </>
        )}
      </div>
      <div className={css.fact}>
        <h2 className={css.heading}>{say('sources')}</h2>
        {sources.data?.length === 0 && <span className="muted">{say('sources.none')}</span>}
        <ul>
          {sources.data?.map(source => (
            <SourceLine key={source._id} source={source} next={schedule.data?.get(source.trigger ?? '')} />
          ))}
        </ul>
      </div>
      {space.data && (
        <div className={css.fact}>
          <h2 className={css.heading}>{say('space')}</h2>
          <div className="num">
            {space.data.quota
              ? say('space.of', { used: formats.size(space.data.used), quota: formats.size(space.data.quota) })
              : formats.size(space.data.used)}
          </div>
          {space.data.quota && (
            <div className={css.space} data-tight={space.data.used / space.data.quota > TIGHT || undefined}>
              <Bar share={Math.min(space.data.used / space.data.quota, 1)} label={say('space')} />
            </div>
          )}
        </div>
      )}
      {!sampleOf(page) && (
        <div className={css.fact}>
          <h2 className={css.heading}>{say('backup')}</h2>
          <div>{say('backup.none')}</div>
          <details className="small muted">
            <summary>{say('backup.do')}</summary>
            <p>{say('backup.how')}</p>
          </details>
        </div>
      )}
      <SampleFact />
    </>
  )
}

/** How much left this month, and the page that tells each connection. */
function LeftFact() {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const confined = useConfined()
  const now = new Date().toISOString().slice(0, 7)
  const { data: left } = useLeft(`${now}-01`)
  if (!left) return null
  const month = formats.month(now).split(' ')[0]?.toLowerCase() ?? ''
  return (
    <div className={css.fact}>
      <h2 className={css.heading}>{say('left', { month })}</h2>
      <a className={`${css.big} ${css.leads} num`} href={appAddress(page, 'egress', window.location.protocol, `?month=${now}`)}>
        {formats.size(left.up)}
      </a>
      <div className="small muted">
        {left.connections ? say('left.connections', { count: left.connections }) : say('left.nothing')}
        {left.refused > 0 && `, ${say('left.refused', { count: left.refused })}`}
      </div>
      {confined.data === false && <div className={`${css.loose} small`}>{say('left.loose')}</div>}
    </div>
  )
}

function SourceLine({ source, next }: { source: Source; next: string | undefined }) {
  const say = useSay(texts)
  const formats = useFormats()
  const bad = needsRepair(source)
  const at = source.cozyMetadata?.updatedAt
  const known = source.account_type === 'bankfiles' || source.account_type === 'invoices' ? say(`sources.${source.account_type}`) : undefined
  return (
    <li className={css.source} data-bad={bad || undefined}>
      <i />
      {known ?? source.name ?? source.account_type}
      <span className="small muted">{bad ? say(`sources.state.${repairOf(source).word}`) : at && formats.moment(at)}</span>
      {next && <span className={`${css.next} small muted`}>{say('sources.next', { when: formats.coming(next) })}</span>}
    </li>
  )
}
