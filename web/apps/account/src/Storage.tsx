// The space taken, by kind, and what can be emptied.
import { appAddress, useClient } from '@alcove/client'
import { Button, Failure, Rows, useFormats, useSay } from '@alcove/ui'
import css from './account.module.css'
import { useUsage } from './api'
import type { Kind } from './model'
import { texts } from './texts'

/** Nearly full: from here on the page says so. */
const TIGHT = 0.9

export function Storage() {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const usage = useUsage()
  if (usage.isPending) return <Rows count={2} />
  if (!usage.data) return <Failure error={usage.error} again={() => void usage.refetch()} />
  const { used, quota, parts } = usage.data
  const files = appAddress(page, 'files', window.location.protocol)
  const has = (kind: Kind) => parts.find(part => part.kind === kind)?.bytes ?? 0
  return (
    <>
      <p className={css.big}>
        {quota ? say('space.of', { used: formats.size(used), quota: formats.size(quota) }) : formats.size(used)}
      </p>
      {!quota && <p className="muted small">{say('space.free')}</p>}
      {quota && used / quota >= TIGHT && (
        <p className={css.warn} role="status">
          {say('space.tight')}
        </p>
      )}
      {parts.length === 0 ? (
        <p className="muted">{say('space.none')}</p>
      ) : (
        <>
          <div className={css.share} aria-hidden="true">
            {parts.map(({ kind, bytes }) => (
              <i key={kind} data-kind={kind} style={{ flexGrow: bytes }} />
            ))}
            {quota && used < quota ? <b style={{ flexGrow: quota - used }} /> : null}
          </div>
          <table className={css.kinds}>
            <caption className="unseen">{say('space.table')}</caption>
            <tbody>
              {parts.map(({ kind, bytes }) => (
                <tr key={kind}>
                  <th scope="row">
                    <i data-kind={kind} /> {say(`kind.${kind}`)}
                  </th>
                  <td className="num">{formats.size(bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      {has('trash') > 0 && <p className="muted small">{say('space.trash', { size: formats.size(has('trash')) })}</p>}
      {has('versions') > 0 && <p className="muted small">{say('space.versions', { size: formats.size(has('versions')) })}</p>}
      <div className={css.acts}>
        {has('trash') > 0 && (
          <Button component="a" href={appAddress(page, 'files', window.location.protocol, '?trash=1')}>
            {say('space.trash.open')}
          </Button>
        )}
        <Button component="a" href={files}>
          {say('space.files')}
        </Button>
      </div>
    </>
  )
}
