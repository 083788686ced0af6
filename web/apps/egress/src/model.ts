// What the journal says of connections, as the page shows it.

export type Verdict = 'open' | 'done' | 'failed' | 'refused'

/** One connection, as the server tells it. */
export interface Connection {
  id: string
  at: string
  purpose: string
  /** The source that connected; missing where the place itself did. */
  who?: string
  host: string
  port: number
  address?: string
  verdict: Verdict
  reason?: string
  up: number
  down: number
  ms: number
}

export interface Sum {
  connections: number
  refused: number
  up: number
  down: number
}

export interface Sums extends Sum {
  kept_days: number
  months: (Sum & { month: string })[]
  hosts: (Sum & { host: string })[]
  purposes: (Sum & { purpose: string })[]
  whos: (Sum & { who: string })[]
}

/** What is asked for; empty where all is. `month` is YYYY-MM. */
export interface Asked {
  month: string
  host: string
  purpose: string
  who: string
  text: string
}

/** The filters of an address. */
export function askedIn(url: URLSearchParams): Asked {
  const month = url.get('month') ?? ''
  return {
    month: /^\d{4}-(0[1-9]|1[0-2])$/.test(month) ? month : '',
    host: url.get('host') ?? '',
    purpose: url.get('purpose') ?? '',
    who: url.get('who') ?? '',
    text: url.get('q') ?? '',
  }
}

/** The same as the server wants it: days, both within. */
export function queryOf({ month, host, purpose, who, text }: Asked): Record<string, string | undefined> {
  const [year = 0, number = 0] = month.split('-').map(Number)
  const last = month ? new Date(Date.UTC(year, number, 0)).getUTCDate() : 0
  return {
    from: month ? `${month}-01` : undefined,
    to: month ? `${month}-${last}` : undefined,
    host: host || undefined,
    purpose: purpose || undefined,
    who: who || undefined,
    q: text || undefined,
  }
}

/** Connections with a heading before each day, where the person is. */
export function byDay(connections: readonly Connection[], dayOf: (at: string) => string): { day: string; connections: Connection[] }[] {
  const days: { day: string; connections: Connection[] }[] = []
  for (const connection of connections) {
    const day = dayOf(connection.at)
    const last = days.at(-1)
    if (last?.day === day) last.connections.push(connection)
    else days.push({ day, connections: [connection] })
  }
  return days
}

/** The twelve months up to this one, the newest first, those without anything too. */
export function lastMonths(now: Date): string[] {
  return Array.from({ length: 12 }, (_, back) => {
    const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1))
    return day.toISOString().slice(0, 7)
  })
}
