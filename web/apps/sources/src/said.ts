// Sentences that several panels of the page say.
import { type Formats, type Say, useFormats, useLanguage, useSay } from '@alcove/ui'
import { type Health, type Konnector, needsAccount, type Run, takesFiles, type Trigger } from './model'
import { type Key, texts } from './texts'

const COUNTED = ['operations', 'bills', 'accounts', 'files'] as const
const MINUTE = 60

/** "12 operations, 3 bills"; empty when there is nothing. */
export function countsIn(say: Say<Key>, formats: Formats, counts: Readonly<Record<string, number>>): string {
  const known = COUNTED.flatMap(kind => (counts[kind] ? [say(`count.${kind}`, { count: counts[kind] })] : []))
  const rest = Object.entries(counts).reduce((sum, [kind, count]) => (COUNTED.some(one => one === kind) ? sum : sum + count), 0)
  return formats.list(rest ? [...known, say('count.other', { count: rest })] : known)
}

/** "moins d’une seconde", "12 secondes", "3 minutes". */
export function timeIn(say: Say<Key>, seconds: number): string {
  if (seconds < 1) return say('run.moment')
  return seconds < 2 * MINUTE ? say('run.seconds', { count: Math.round(seconds) }) : say('run.minutes', { count: Math.round(seconds / MINUTE) })
}

/** How it is doing, in words. */
export function healthIn(say: Say<Key>, health: Health, untaken: number): string {
  return say(`health.${health}`, { count: untaken })
}

const TIMES = ['hourly', 'daily', 'weekly', 'monthly'] as const

/** When it runs next: at which time, where the server tells it. */
export function nextIn(
  say: Say<Key>,
  formats: Formats,
  konnector: Konnector,
  { triggers, connected, next }: { triggers: readonly Trigger[]; connected: boolean; next: string | undefined },
): string {
  if (takesFiles(konnector)) return say('next.files')
  if (!connected && needsAccount(konnector, 'en')) return say('next.connect')
  const type = triggers[0]?.type.slice(1)
  if (!type) return say('next.hand')
  if (next) return formats.coming(next)
  const known = TIMES.find(time => time === type)
  return say(known ? `next.${known}` : 'next.other')
}

const CODES = ['LOGIN_FAILED', 'USER_ACTION_NEEDED', 'VENDOR_DOWN', 'DISK_QUOTA_EXCEEDED'] as const

/** Why a run failed: Cozy's codes in words, other sentences as they are. */
export function errorIn(say: Say<Key>, { error = '' }: Pick<Run, 'error'>): string {
  const code = CODES.find(one => error.startsWith(one))
  if (code) return say(`code.${code}`)
  return /^[A-Z_.]+$/.test(error) ? say('code.other', { error }) : error
}

/** The words, formats and language of the person. */
export function useWords() {
  return { say: useSay(texts), formats: useFormats(), language: useLanguage() }
}
