// What the server tells an app about itself: the attribute `data-cozy` of its page (contract-a sections 0 and 4).

export interface AppFacts {
  name: string
  slug: string
}

/** The facts of the page. `domain` is the instance's, with its port; `token` opens what the app's manifest asks for. */
export interface Page {
  token: string
  domain: string
  subdomain: 'flat' | 'nested'
  locale: string
  app: AppFacts
  flags: Record<string, unknown>
}

const ATTRIBUTE = /data-cozy="([^"]+)"/

function text(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/** The page of these facts as the server wrote them; raises when they are not JSON or name no domain. */
export function pageFrom(json: string): Page {
  const facts = object(JSON.parse(json))
  const app = object(facts.app)
  if (typeof facts.domain !== 'string') throw new Error('This page does not say which place it belongs to.')
  return {
    token: text(facts.token, ''),
    domain: facts.domain,
    subdomain: facts.subdomain === 'nested' ? 'nested' : 'flat',
    locale: text(facts.locale, 'en'),
    app: { name: text(app.name, 'Alcove'), slug: text(app.slug, '') },
    flags: object(facts.flags),
  }
}

/** The facts of the page that is open. */
export function readPage(document: Document): Page {
  const holder = document.querySelector<HTMLElement>('[data-cozy]')
  return pageFrom(holder?.dataset.cozy ?? '{}')
}

/** The token in a freshly served page, or nothing; only quotes are written as entities there (contract-a section 0). */
export function tokenIn(html: string): string | undefined {
  const found = ATTRIBUTE.exec(html)?.[1]
  return found === undefined ? undefined : pageFrom(found.replaceAll('&#34;', '"')).token
}

/** The address of another app of the same place: `me-money.tld`, or `money.me.tld` where sub-domains are nested. */
export function appAddress(page: Page, slug: string, protocol: string, rest = ''): string {
  const [first, ...others] = page.domain.split('.')
  const host = page.subdomain === 'nested' ? `${slug}.${page.domain}` : `${first}-${slug}.${others.join('.')}`
  return `${protocol}//${host}/${rest}`
}
