// A person's files: the verbs of `/files` (contract-b section 2). Each raises `Refused` or `Unreachable`.
import type { Door } from './door'
import { Refused } from './errors'
import { Pieces, PIECES_FROM } from './pieces'
import { type Sending, upload } from './upload'

export const ROOT = 'io.cozy.files.root-dir'
export const TRASH = 'io.cozy.files.trash-dir'
export const FILES = 'io.cozy.files'

const JSONAPI = 'application/vnd.api+json'
const part = encodeURIComponent

export type Size = 'tiny' | 'small' | 'medium' | 'large'

export interface Reference {
  type: string
  id: string
}

/** What the server says of a file or folder. */
export interface Attributes {
  type: 'file' | 'directory'
  name: string
  dir_id: string
  path?: string
  restore_path?: string
  created_at?: string
  updated_at?: string
  /** A text of digits. */
  size?: string
  md5sum?: string
  mime?: string
  class?: string
  trashed?: boolean
  tags?: string[]
  metadata?: Record<string, unknown>
  cozyMetadata?: Record<string, unknown>
}

export interface FileResource {
  id: string
  attributes: Attributes
  meta?: { rev?: string }
  links?: Partial<Record<Size | 'self', string>>
  relationships?: {
    referenced_by?: { data?: Reference[] | null }
    contents?: { meta?: { count?: number } }
  }
}

/** The content that a file had before. */
export interface Version {
  id: string
  attributes: { updated_at?: string; size?: string; tags?: string[]; cozyMetadata?: Record<string, unknown> }
}

export interface Page {
  /** The folder itself, where a first page was asked for. */
  folder?: FileResource
  children: FileResource[]
  count: number
  /** Where the next page begins; undefined after the last. */
  next: string | undefined
}

interface Answer<T = FileResource> {
  data: T
  included?: unknown[]
  links?: { next?: string; related?: string }
  meta?: { count?: number }
}

/** Something that already has a name. */
export interface Taken {
  id: string
  kind: 'file' | 'directory'
  size?: number | undefined
  md5sum?: string | undefined
}

export interface Change {
  id: string
  name?: string
  dir_id?: string
  move_to_trash?: boolean
  favorite?: boolean
}

/** A change as the server reads it. */
function patchOf({ id, favorite, ...attributes }: Change) {
  return { id, type: FILES, attributes: { ...attributes, ...(favorite !== undefined && { cozyMetadata: { favorite } }) } }
}

/** A change among many that was refused. */
export interface Fault {
  id: string
  status: number
  reason: string
}

const BATCH = 200

/** The folder's children after those of `cursor`, the part of a link that says where to go on. */
function cursorOf(links: Answer['links']): string | undefined {
  return links?.next && (new URL(links.next, 'http://x').searchParams.get('page[cursor]') ?? undefined)
}

export class Files {
  /** Large files on their way. */
  readonly pieces: Pieces

  constructor(private readonly door: Door) {
    this.pieces = new Pieces(door)
  }

  /** A file with its old versions, or a folder; `Refused` with 404 when it is gone. */
  async get(id: string, signal?: AbortSignal): Promise<{ file: FileResource; versions: Version[] }> {
    const query = { 'page[limit]': 1 }
    const said = await this.door.ask<Answer>('GET', `/files/${part(id)}`, { query, accept: JSONAPI, signal })
    const versions = said.data.attributes.type === 'file' ? ((said.included ?? []) as Version[]) : []
    return { file: said.data, versions }
  }

  /** The first page of a folder. */
  async open(id: string, limit: number, signal?: AbortSignal): Promise<Page> {
    const query = { 'page[limit]': limit }
    if (id === TRASH) {
      const said = await this.door.ask<Answer<FileResource[]>>('GET', '/files/trash', { query, accept: JSONAPI, signal })
      return { children: said.data, count: said.meta?.count ?? said.data.length, next: cursorOf(said.links) }
    }
    const said = await this.door.ask<Answer>('GET', `/files/${part(id)}`, { query, accept: JSONAPI, signal })
    if (said.data.attributes.type !== 'directory') throw new Refused(404, 'not a folder', `/files/${id}`)
    const children = (said.included ?? []) as FileResource[]
    const count = said.data.relationships?.contents?.meta?.count ?? children.length
    return { folder: said.data, children, count, next: cursorOf(said.links) }
  }

  /** A further page of a folder. */
  async more(id: string, cursor: string, limit: number, signal?: AbortSignal): Promise<Page> {
    const path = id === TRASH ? '/files/trash' : `/files/${part(id)}/relationships/contents`
    const query = { 'page[limit]': limit, 'page[cursor]': cursor }
    const said = await this.door.ask<Answer<FileResource[]>>('GET', path, { query, accept: JSONAPI, signal })
    return { children: said.data, count: said.meta?.count ?? 0, next: cursorOf(said.links) }
  }

  /** The folders directly in a folder, by name. */
  async folders(id: string, signal?: AbortSignal): Promise<FileResource[]> {
    const body = { selector: { dir_id: id, type: 'directory' }, sort: ['dir_id', 'type', 'name'], use_index: 'dir-children' }
    const found: FileResource[] = []
    for (let skip = 0; ; skip += 1000) {
      const query = { 'page[limit]': 1000, 'page[skip]': skip }
      const said = await this.door.ask<Answer<FileResource[]>>('POST', '/files/_find', { body, query, accept: JSONAPI, signal })
      found.push(...said.data.filter(one => one.id !== TRASH))
      if (said.data.length < 1000) return found
    }
  }

  /** These files as they are now; those that are gone are left out. */
  async some(ids: readonly string[]): Promise<FileResource[]> {
    const said = await this.door.ask<Answer<FileResource[]>>('POST', '/files/_all_docs', { body: { keys: ids }, accept: JSONAPI })
    return said.data
  }

  /** Which of these names a folder already holds, compared exactly. */
  async taken(folder: string, names: readonly string[]): Promise<Map<string, Taken>> {
    const found = new Map<string, Taken>()
    for (let at = 0; at < names.length; at += BATCH) {
      const some = names.slice(at, at + BATCH)
      const body = { selector: { dir_id: folder, name: { $in: some } }, use_index: 'dir-names', limit: 1000, fields: ['name', 'type', 'size', 'md5sum'] }
      const said = await this.door.ask<Answer<FileResource[]>>('POST', '/files/_find', { body, accept: JSONAPI })
      for (const { id, attributes } of said.data) {
        const { name, type, size, md5sum } = attributes
        found.set(name, { id, kind: type, md5sum, size: size === undefined ? undefined : Number(size) })
      }
    }
    return found
  }

  /** Makes a folder; `Refused` with 409 when the name is taken. */
  async makeFolder(parent: string, name: string): Promise<FileResource> {
    const query = { Type: 'directory', Name: name }
    return (await this.door.ask<Answer>('POST', `/files/${part(parent)}`, { query, accept: JSONAPI })).data
  }

  /** Sends a new file; `Refused` with 409 when the name is taken, 413 or 507 when it does not fit. */
  async create(folder: string, name: string, file: File, sending: Sending = {}): Promise<{ id: string }> {
    if (file.size >= PIECES_FROM) return this.pieces.send({ folder, name }, file, sending)
    const date = file.lastModified ? new Date(file.lastModified).toISOString() : undefined
    const query = { Type: 'file', Name: name, Size: file.size, CreatedAt: date, UpdatedAt: date }
    return (await upload<Answer>(this.door, `/files/${part(folder)}`, file, { ...sending, query })).data
  }

  /** Sends new content of a file: what it was becomes an old version. */
  async replace(id: string, file: File, sending: Sending = {}): Promise<{ id: string }> {
    if (file.size >= PIECES_FROM) return this.pieces.send({ id }, file, sending)
    const query = { Size: file.size }
    return (await upload<Answer>(this.door, `/files/${part(id)}`, file, { ...sending, method: 'PUT', query })).data
  }

  /** Makes a file, or replaces what one holds, with bytes that are here under another name; nothing where none are. */
  async same(goal: { folder: string; name: string } | { id: string }, file: File, digest: string, signal?: AbortSignal): Promise<{ id: string } | undefined> {
    const date = file.lastModified ? new Date(file.lastModified).toISOString() : undefined
    const where = 'id' in goal ? { file_id: goal.id } : { dir_id: goal.folder, name: goal.name, created_at: date, updated_at: date }
    const body = { data: { attributes: { ...where, type: file.type, size: file.size, md5sum: digest } } }
    try {
      return (await this.door.ask<Answer<{ id: string }[]>>('POST', '/files/uploads/same', { body, accept: JSONAPI, signal })).data[0]
    } catch (error) {
      // A name that was taken meanwhile is told; whatever else stands in the way, the bytes may still be sent.
      if (error instanceof Refused && error.status !== 409) return undefined
      throw error
    }
  }

  /** Gives an upload in pieces up. */
  abandon(where: string): Promise<void> {
    return this.pieces.abandon(where)
  }

  /** Renames or moves one thing; `Refused` with 409 when the name is taken there. */
  async change({ id, ...attributes }: Change): Promise<FileResource> {
    const body = { data: { id, type: FILES, attributes } }
    return (await this.door.ask<Answer>('PATCH', `/files/${part(id)}`, { body, query: { 'page[limit]': 1 }, accept: JSONAPI })).data
  }

  /** Many changes, each on its own; answers those that were refused. `told` hears how many were asked so far. */
  async changeMany(changes: readonly Change[], told?: (done: number) => void, signal?: AbortSignal): Promise<Fault[]> {
    const faults: Fault[] = []
    for (let at = 0; at < changes.length && !signal?.aborted; at += BATCH) {
      const some = changes.slice(at, at + BATCH)
      const data = some.map(patchOf)
      const answer = await this.door.send('PATCH', '/files/', { body: { data }, accept: JSONAPI }).catch((error: unknown) => error)
      if (answer instanceof Refused && answer.said?.errors) faults.push(...faultsIn(answer.said.errors))
      else if (answer instanceof Error) throw answer
      told?.(Math.min(at + BATCH, changes.length))
    }
    return faults
  }

  /** Copies a file; without a name, the server finds one that is free. */
  async copy(id: string, folder: string, name?: string): Promise<FileResource> {
    const query = { DirID: folder, Name: name }
    return (await this.door.ask<Answer>('POST', `/files/${part(id)}/copy`, { query, accept: JSONAPI })).data
  }

  async trash(id: string): Promise<void> {
    await this.door.send('DELETE', `/files/${part(id)}`, { accept: JSONAPI })
  }

  /** Takes something out of the trash, back to where it was. */
  async restore(id: string): Promise<FileResource> {
    return (await this.door.ask<Answer>('POST', `/files/trash/${part(id)}`, { accept: JSONAPI })).data
  }

  /** Deletes something in the trash for ever. */
  async destroy(id: string): Promise<void> {
    await this.door.send('DELETE', `/files/trash/${part(id)}`)
  }

  async emptyTrash(): Promise<void> {
    await this.door.send('DELETE', '/files/trash')
  }

  /** Gives a file the content that it had; what it has now becomes an old version. */
  async revert(version: string): Promise<void> {
    await this.door.send('POST', `/files/revert/${versionPath(version)}`, { accept: JSONAPI })
  }

  /** Deletes an old version for ever. */
  async destroyVersion(version: string): Promise<void> {
    await this.door.send('DELETE', `/files/${versionPath(version)}`)
  }

  /** An address that shows a file without a token, for ten minutes. */
  async link(id: string): Promise<string> {
    return this.linked(await this.door.ask<Answer>('POST', '/files/downloads', { query: { Id: id }, accept: JSONAPI }))
  }

  /** As `link`, of an old version. */
  async versionLink(version: string): Promise<string> {
    return this.linked(await this.door.ask<Answer>('POST', '/files/downloads', { query: { VersionId: version }, accept: JSONAPI }))
  }

  /** An address that gives several things as one ZIP, for ten minutes. */
  async archive(name: string, ids: readonly string[]): Promise<string> {
    const body = { data: { type: `${FILES}.archives`, attributes: { name, ids } } }
    return this.linked(await this.door.ask<Answer>('POST', '/files/archive', { body, accept: JSONAPI }))
  }

  /** A part of a file's bytes. */
  async bytes(id: string, from: number, to: number, signal?: AbortSignal): Promise<ArrayBuffer> {
    const headers = { Range: `bytes=${from}-${to - 1}` }
    return (await this.door.send('GET', `/files/download/${part(id)}`, { headers, accept: '*/*', signal })).arrayBuffer()
  }

  /** The address of a thumbnail of a file with that content; a picture of one point as long as there is none. */
  picture(link: string, mark: string): string {
    return `${this.address(link)}?Placeholder=1&${part(mark)}`
  }

  private address(link: string): string {
    return link.startsWith('/') ? this.door.origin + link : link
  }

  /** Bytes that still fit; undefined when nothing limits them. */
  async room(): Promise<number | undefined> {
    const said = await this.door.ask<{ data: { attributes: { used?: string; quota?: string } } }>('GET', '/settings/disk-usage')
    const { used, quota } = said.data.attributes
    return quota === undefined ? undefined : Math.max(0, Number(quota) - Number(used))
  }

  private linked(said: Answer): string {
    return this.address(said.links?.related ?? '')
  }
}

function versionPath(version: string): string {
  return version.split('/').map(part).join('/')
}

function faultsIn(errors: NonNullable<Refused['said']>['errors']): Fault[] {
  return (errors ?? []).map(error => ({
    id: error.source?.pointer ?? '',
    status: Number(error.status ?? 500),
    reason: error.detail ?? error.title ?? '',
  }))
}

const NUMBERED = /^(.*) \((\d{1,9})\)$/s

/** The name and its extension with the dot; a dot at the beginning makes none. */
export function extension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
}

/** The name with " (2)", " (3)"... before its extension, the first that is not taken; a number there is raised. */
export function nextFree(name: string, taken: (name: string) => boolean): string {
  if (!taken(name)) return name
  const [whole, last] = extension(name)
  const numbered = NUMBERED.exec(whole)
  const stem = numbered?.[1] ?? whole
  for (let number = numbered ? Number(numbered[2]) + 1 : 2; ; number += 1) {
    const next = `${stem} (${number})${last}`
    if (!taken(next)) return next
  }
}
