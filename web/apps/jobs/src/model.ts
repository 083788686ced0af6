// What runs in the background, as the page shows it: jobs that ran or run, and the triggers that start them.

export type State = 'queued' | 'running' | 'done' | 'errored'

/** A job as the server keeps it (io.cozy.jobs). */
export interface Job {
  _id: string
  worker: string
  state: State
  queued_at: string
  started_at?: string
  finished_at?: string
  error?: string
  trigger_id?: string
  manual_execution?: boolean
  message?: unknown
}

/** What starts jobs by itself, as the server tells it. */
export interface Trigger {
  id: string
  type: string
  arguments: string
  worker: string
  message: unknown
  status: string
  error: string
  last: string
}

/** Workers that a person may start again by hand without a trigger. */
const PUSHED = new Set(['konnector', 'service'])
/** How the contract writes a time that has not come. */
const NEVER = '0001-01-01T00:00:00Z'

/** The app or source that a job is for: empty where it is the place's own. */
export function slugOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return ''
  const { konnector, slug } = message as { konnector?: unknown; slug?: unknown }
  return typeof konnector === 'string' ? konnector : typeof slug === 'string' ? slug : ''
}

/** The service of an app, where the job is one. */
export function serviceOf(message: unknown): string {
  const name = typeof message === 'object' && message !== null ? (message as { name?: unknown }).name : undefined
  return typeof name === 'string' ? name : ''
}

/** Seconds that it ran; undefined while it does, and when it never began. */
export function secondsOf({ started_at: from, finished_at: to }: Job): number | undefined {
  if (!from || !to || from === NEVER || to === NEVER) return undefined
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000)
}

export const live = ({ state }: Job): boolean => state === 'queued' || state === 'running'

/** How a job is run again: by its trigger where that is still there, by itself where a person may push such a job. */
export function againOf(job: Job, triggers: readonly Trigger[]): { trigger: string } | { worker: string; message: unknown } | undefined {
  if (live(job)) return undefined
  const trigger = triggers.find(one => one.id === job.trigger_id)
  if (trigger) return { trigger: trigger.id }
  return PUSHED.has(job.worker) && slugOf(job.message) ? { worker: job.worker, message: job.message } : undefined
}
