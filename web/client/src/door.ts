// The way to the server: one place that knows the token, renews it, and turns refusals into errors.
import { refusal, Refused, stale, Unreachable } from './errors'
import { type Page, tokenIn } from './page'

export interface Question {
  /** Sent as JSON unless it is a Blob. */
  body?: unknown
  query?: Record<string, string | number | undefined>
  accept?: string
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** `/path?name=value`, leaving out what is undefined. */
export function address(path: string, query: Question['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  )
  return pairs.length ? `${path}?${pairs.join('&')}` : path
}

export class Door {
  token: string
  readonly origin: string
  private renewal: Promise<void> | undefined
  private readonly listeners = new Set<(token: string) => void>()

  constructor(
    readonly page: Page,
    location: { protocol: string } = window.location,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {
    this.token = page.token
    this.origin = `${location.protocol}//${page.domain}`
  }

  /** Tells `listener` every new token; answers how to stop. */
  onToken(listener: (token: string) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** The decoded JSON of an answer (undefined for an empty one); raises `Refused`, `Unreachable`. */
  async ask<T>(method: string, path: string, question: Question = {}): Promise<T> {
    const answer = await this.send(method, path, question)
    const body = await answer.text()
    return (body === '' ? undefined : JSON.parse(body)) as T
  }

  /** An answer that was not refused; a stale token is renewed once and the question asked again. */
  async send(method: string, path: string, question: Question = {}): Promise<Response> {
    try {
      return await this.once(method, path, question)
    } catch (error) {
      if (!(error instanceof Refused) || !stale(error)) throw error
      await this.renew()
      return this.once(method, path, question)
    }
  }

  /** Fetches this app's page again and takes its token; many that wait share one fetch. */
  renew(): Promise<void> {
    this.renewal ??= this.fetchToken().finally(() => {
      this.renewal = undefined
    })
    return this.renewal
  }

  private async fetchToken(): Promise<void> {
    // A session that has ended leads to the login, on another origin: what is there must not be read, only known.
    const answer = await this.reach('/?refreshToken', { credentials: 'same-origin', redirect: 'manual' })
    const token = answer.ok ? tokenIn(await answer.text()) : undefined
    if (!token) throw new Refused(401, 'session-ended', '/?refreshToken')
    this.token = token
    for (const listener of this.listeners) listener(token)
  }

  private async once(method: string, path: string, { body, query, accept, signal, headers: more }: Question): Promise<Response> {
    const headers: Record<string, string> = {
      Accept: accept ?? 'application/json',
      Authorization: `Bearer ${this.token}`,
      ...more,
    }
    const init: RequestInit = { method, headers, credentials: 'include', signal: signal ?? null }
    if (body instanceof Blob) init.body = body
    else if (body !== undefined) {
      headers['Content-Type'] = 'application/json'
      init.body = JSON.stringify(body)
    }
    const answer = await this.reach(this.origin + address(path, query), init)
    if (answer.ok) return answer
    throw refusal(answer.status, await answer.text(), answer.statusText, `${method} ${path}`)
  }

  private async reach(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.fetcher(url, init)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new Unreachable(String(error))
    }
  }
}
