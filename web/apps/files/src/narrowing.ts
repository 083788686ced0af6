// What a search among files is narrowed to, as the page offers it and as the server is asked.
import { isoDay } from '@alcove/ui'

/** The kinds that can be chosen; the server knows what each stands for. */
export const KINDS = ['document', 'pdf', 'image', 'spreadsheet', 'slide', 'video', 'audio', 'mail', 'archive', 'folder'] as const
/** The spans of time: days back from today, this year, the year before. */
export const SPANS = ['7', '30', 'year', 'last'] as const
/** The ways by which files come, as the server tells them apart. */
export const WAYS = ['upload', 'connector', 'device', 'webdav', 'guest'] as const

export interface Narrowed {
  kind: string
  when: string
  from: string
  inside: string
}

/** The parameters of the question for these choices; what is no choice is left out. */
export function parametersOf({ kind, when, from, inside }: Narrowed, today: Date): Record<string, string | undefined> {
  const year = today.getFullYear()
  const back = (days: number) => isoDay(new Date(year, today.getMonth(), today.getDate() - days))
  const [since, until] = when === 'year' ? [`${year}`, undefined] : when === 'last' ? [`${year - 1}`, `${year - 1}`] : when === '7' || when === '30' ? [back(Number(when)), undefined] : []
  return {
    'filter[type]': (KINDS as readonly string[]).includes(kind) ? kind : undefined,
    'filter[since]': since,
    'filter[until]': until,
    'filter[source]': (WAYS as readonly string[]).includes(from) ? from : undefined,
    'filter[folder]': inside || undefined,
  }
}
