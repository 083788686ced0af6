// What a panel shows when it is not full: loading, empty, failed.
import { Button, Skeleton } from '@mantine/core'
import { Refused, Unreachable } from '@alcove/client'
import { Component, type ErrorInfo, type ReactNode, useState } from 'react'
import { Icon, type IconName } from './icons'
import { useSay } from './language'
import css from './states.module.css'
import { texts } from './texts'

/** Rows that will come. `still`: out of sight most of the time, where moving them would cost for nothing. */
export function Rows({ count = 8, still = false }: { count?: number; still?: boolean }) {
  const say = useSay(texts)
  return (
    <div className={css.rows} role="status" aria-label={say('loading')}>
      {Array.from({ length: count }, (_, at) => (
        <div key={at} className={css.row}>
          <Skeleton animate={!still} width={26} height={32} radius={3} />
          <div>
            <Skeleton animate={!still} height={12} width={`${58 - ((at * 17) % 30)}%`} />
            <Skeleton animate={!still} height={10} mt={6} width={`${74 - ((at * 23) % 40)}%`} />
          </div>
          <Skeleton animate={!still} height={12} width={64} />
        </div>
      ))}
    </div>
  )
}

/** An empty place teaches: what will be here, and the one button that fills it. */
export function Empty({ icon, title, children, act }: { icon: IconName; title: string; children?: ReactNode; act?: ReactNode }) {
  return (
    <div className={css.empty}>
      <span className={css.sign}>
        <Icon name={icon} size={22} />
      </span>
      <h2>{title}</h2>
      {children && <p className="muted">{children}</p>}
      {act}
    </div>
  )
}

type Kind = 'unreachable' | 'session' | 'forbidden' | 'full' | 'conflict' | 'other'

/** What an error means to the person. */
export function kindOf(error: unknown): Kind {
  if (error instanceof Unreachable) return 'unreachable'
  if (!(error instanceof Refused)) return 'other'
  const kinds: Record<number, Kind> = { 401: 'session', 403: 'forbidden', 409: 'conflict', 412: 'conflict', 413: 'full', 507: 'full' }
  return kinds[error.status] ?? 'other'
}

/** The technical text of an error, to be copied into a report. */
export function technical(error: unknown): string {
  if (error instanceof Refused) return `${error.asked}\n${error.status} ${error.reason}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What happened, what it means for the data, what to do next; the technical text is one click away. */
export function Failure({ error, again }: { error: unknown; again?: (() => void) | undefined }) {
  const say = useSay(texts)
  const kind = kindOf(error)
  const [copied, setCopied] = useState(false)
  const copy = () => void navigator.clipboard.writeText(technical(error)).then(() => setCopied(true))
  return (
    <div className={css.empty} role="alert">
      <span className={`${css.sign} ${css.bad}`}>
        <Icon name="warn" size={22} />
      </span>
      <h2>{say(`error.${kind}`)}</h2>
      <p className="muted">{say(`error.${kind}.more`)}</p>
      {again && <Button onClick={again}>{say('again')}</Button>}
      <details className={css.details}>
        <summary>{say('details')}</summary>
        <pre tabIndex={0}>{technical(error)}</pre>
        <Button variant="subtle" onClick={copy}>
          {say(copied ? 'copied' : 'copy')}
        </Button>
      </details>
    </div>
  )
}

/** A panel of its own: when it breaks, the others stay, and it can be tried again. */
export class Panel extends Component<{ children: ReactNode; again?: () => void }, { error: unknown }> {
  override state = { error: undefined }

  static getDerivedStateFromError(error: unknown) {
    return { error }
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error(error, info.componentStack)
  }

  override render() {
    if (this.state.error === undefined) return this.props.children
    const again = () => {
      this.props.again?.()
      this.setState({ error: undefined })
    }
    return <Failure error={this.state.error} again={again} />
  }
}
