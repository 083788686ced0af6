// What a guest of a link does with files: only what the link allows, and never asks for more.
import { type Door, type Files, nextFree, Refused, type Sending, type Target } from '@alcove/client'
import { type Level, levelOf, ruleOf } from '../sharing/links'

export interface Opened {
  level: Level
  ids: readonly string[]
  /** What was shared, as it was called then. */
  name: string
}

/** What this link opens; nothing when it has ended, or never was. */
export async function opened(door: Door): Promise<Opened | null> {
  if (!door.token) return null
  try {
    const said = await door.ask<{ data: { attributes: { permissions?: Parameters<typeof ruleOf>[0] } } }>('GET', '/permissions/self', { accept: 'application/vnd.api+json' })
    const rule = ruleOf(said.data.attributes.permissions)
    if (!rule?.values?.length) return null
    return { level: levelOf(rule.verbs), ids: rule.values, name: rule.description ?? '' }
  } catch (error) {
    if (error instanceof Refused && error.status < 500) return null
    throw error
  }
}

/** Characters of a guest's name at the most, as the server takes them. */
export const LONGEST_NAME = 60
const REMEMBERED = 'alcove.guest'

/** What this browser's guest is called, as they said last. */
export function guestName(): string {
  try {
    return (window.localStorage.getItem(REMEMBERED) ?? '').slice(0, LONGEST_NAME)
  } catch {
    return ''
  }
}

/** Remembers it for the next time; a browser that keeps nothing asks again. */
export function rememberGuest(name: string): void {
  try {
    window.localStorage.setItem(REMEMBERED, name)
  } catch {
    // Nothing is lost but a word to type.
  }
}

/** Where a guest's files go, with what they say that they are called. Names that are taken get a number: a guest may not look, or should not have to decide. */
export function guestTarget(files: Files, level: Level, called: () => string = () => ''): Target {
  const signed = (sending: Sending = {}): Sending => {
    const name = called().trim()
    return name ? { ...sending, headers: { ...sending.headers, 'Alcove-Guest': encodeURIComponent(name) } } : sending
  }
  return {
    taken: () => Promise.resolve(new Map()),
    create: (folder, name, file, sending) => files.pieces.send({ folder, name, numbered: true }, file, signed(sending)),
    replace: (id, file, sending) => files.replace(id, file, signed(sending)),
    room: () => files.room(),
    abandon: where => files.abandon(where),
    makeFolder: async (parent, wanted) => {
      for (let name = wanted, tries = 0; ; name = nextFree(name, one => one === name), tries += 1) {
        try {
          return await files.makeFolder(parent, name)
        } catch (error) {
          if (!(error instanceof Refused) || error.status !== 409 || tries > 50) throw error
          const known = level === 'drop' ? undefined : await folderCalled(files, parent, name)
          if (known) return known
        }
      }
    },
  }
}

async function folderCalled(files: Files, parent: string, name: string) {
  let page = await files.open(parent, 500)
  for (;;) {
    const found = page.children.find(child => child.attributes.type === 'directory' && child.attributes.name === name)
    if (found || !page.next) return found
    page = await files.more(parent, page.next, 500)
  }
}

