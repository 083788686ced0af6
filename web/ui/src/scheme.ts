// Light or dark, chosen once for this device: a cookie that all apps of the place and its login page see. What a page
// stores otherwise is its own origin's alone.
import type { MantineColorScheme, MantineColorSchemeManager } from '@mantine/core'
import type { Page } from '@alcove/client'

const NAME = 'alcove_theme'
const YEAR = 365 * 24 * 3600

/** The theme in these cookies; undefined when the person has chosen none. */
export function schemeIn(cookies: string): 'light' | 'dark' | undefined {
  const found = new RegExp(`(?:^|; )${NAME}=(light|dark)(?:;|$)`).exec(cookies)?.[1]
  return found as 'light' | 'dark' | undefined
}

/** The cookie that keeps a choice on the place and all its apps; `auto` takes it away. */
export function schemeCookie(page: Pick<Page, 'domain' | 'subdomain'>, scheme: MantineColorScheme, secure: boolean): string {
  const host = page.domain.replace(/:\d+$/, '')
  const domain = page.subdomain === 'nested' ? host : host.slice(host.indexOf('.') + 1)
  const parts = [
    `${NAME}=${scheme}`,
    'Path=/',
    'SameSite=Lax',
    `Max-Age=${scheme === 'auto' ? 0 : YEAR}`,
    // A browser takes no cookie for a whole top-level domain: then the choice stays with this one origin.
    ...(domain.includes('.') ? [`Domain=${domain}`] : []),
    ...(secure ? ['Secure'] : []),
  ]
  return parts.join('; ')
}

/** Keeps Mantine's choice of colours in that cookie; a page that comes back to the front takes over what changed. */
export function schemeManager(page: Page): MantineColorSchemeManager {
  let stop: (() => void) | undefined
  const write = (scheme: MantineColorScheme) => {
    document.cookie = schemeCookie(page, scheme, window.location.protocol === 'https:')
  }
  const manager: MantineColorSchemeManager = {
    get: otherwise => schemeIn(document.cookie) ?? otherwise,
    set: write,
    subscribe: update => {
      const look = () => {
        if (document.visibilityState === 'visible') update(schemeIn(document.cookie) ?? 'auto')
      }
      document.addEventListener('visibilitychange', look)
      stop = () => document.removeEventListener('visibilitychange', look)
    },
    unsubscribe: () => stop?.(),
    clear: () => write('auto'),
  }
  return manager
}
