import { describe, expect, it } from 'vitest'
import { schemeCookie, schemeIn } from './scheme'

const cookie = (domain: string, subdomain: 'flat' | 'nested', scheme: 'dark' | 'auto' = 'dark', secure = false) =>
  schemeCookie({ domain, subdomain }, scheme, secure)

describe('light or dark, in a cookie', () => {
  it('is read among others', () => {
    expect(schemeIn('a=b; alcove_theme=dark; c=d')).toBe('dark')
    expect(schemeIn('alcove_theme=light')).toBe('light')
    expect(schemeIn('alcove_theme=pink')).toBeUndefined()
    expect(schemeIn('not_alcove_theme=dark')).toBeUndefined()
  })

  it('is for the place and all its apps', () => {
    expect(cookie('me.localhost:8080', 'nested')).toContain('; Domain=me.localhost')
    expect(cookie('me.example.org', 'flat')).toContain('; Domain=example.org')
    expect(cookie('me.localhost:8080', 'flat')).not.toContain('Domain')
  })

  it('goes when the system decides', () => {
    expect(cookie('me.localhost', 'nested', 'auto')).toContain('Max-Age=0')
  })

  it('is secure where the page is', () => {
    expect(cookie('me.localhost', 'nested', 'dark', true)).toContain('; Secure')
    expect(cookie('me.localhost', 'nested')).not.toContain('Secure')
  })
})
