// Documents of any kind, through `/data` (contract-a section 3).
import type { Door } from './door'
import { Refused } from './errors'

export interface Doc {
  _id: string
  _rev?: string
}

export type Selector = Record<string, unknown>

export interface Search {
  selector: Selector
  /** The fields that the query needs in order; they are also how it is sorted when `descending` is said. */
  index: readonly string[]
  descending?: boolean
  fields?: readonly string[]
  limit?: number
  bookmark?: string | undefined
  signal?: AbortSignal | undefined
}

export interface Found<T> {
  docs: T[]
  /** Where the next page begins; undefined when this was the last. */
  next: string | undefined
}

const PAGE = 1000
const part = encodeURIComponent

/** Reads and writes documents; each verb raises `Refused` or `Unreachable`. */
export class Documents {
  private readonly indexed = new Map<string, Promise<unknown>>()

  constructor(private readonly door: Door) {}

  /** One document, or undefined when there is none. */
  async get<T extends Doc>(doctype: string, id: string, signal?: AbortSignal): Promise<T | undefined> {
    try {
      return await this.door.ask<T>('GET', `/data/${doctype}/${part(id)}`, { signal })
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined
      throw error
    }
  }

  /** One page of the documents that fit. The index is made first; a doctype that never was holds nothing. */
  async find<T extends Doc>(doctype: string, search: Search): Promise<Found<T>> {
    const limit = search.limit ?? PAGE
    const order = search.descending ? 'desc' : 'asc'
    try {
      await this.index(doctype, search.index)
      const said = await this.door.ask<{ docs: T[]; bookmark?: string }>('POST', `/data/${doctype}/_find`, {
        body: {
          selector: search.selector,
          sort: search.index.map(field => ({ [field]: order })),
          limit,
          ...(search.fields && { fields: search.fields }),
          ...(search.bookmark && { bookmark: search.bookmark }),
        },
        signal: search.signal,
      })
      const more = said.docs.length === limit && said.bookmark !== undefined && said.bookmark !== 'nil'
      return { docs: said.docs, next: more ? said.bookmark : undefined }
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return { docs: [], next: undefined }
      throw error
    }
  }

  /** Every document that fits, page after page. */
  async findAll<T extends Doc>(doctype: string, search: Search): Promise<T[]> {
    const found: T[] = []
    let bookmark: string | undefined
    do {
      const page = await this.find<T>(doctype, { ...search, bookmark })
      found.push(...page.docs)
      bookmark = page.next
    } while (bookmark !== undefined)
    return found
  }

  /** The documents of these ids, in their order, without those that are not there. */
  async some<T extends Doc>(doctype: string, ids: readonly string[], signal?: AbortSignal): Promise<T[]> {
    if (ids.length === 0) return []
    const question = { query: { include_docs: 'true' }, body: { keys: ids }, signal }
    const said = await this.door.ask<{ rows: { doc?: T | null }[] }>('POST', `/data/${doctype}/_all_docs`, question)
    return said.rows.flatMap(row => row.doc ?? [])
  }

  /** Every document of a kind; none of a kind that never was, where `_normal_docs` would answer 404. */
  all<T extends Doc>(doctype: string, signal?: AbortSignal): Promise<T[]> {
    return this.findAll<T>(doctype, { selector: { _id: { $gt: null } }, index: ['_id'], signal })
  }

  /** Writes a document and answers it with its new revision. A 409 means that someone else wrote it meanwhile. */
  async save<T extends Partial<Doc>>(doctype: string, document: T): Promise<T & Doc> {
    const { _id: id } = document
    const said = id
      ? await this.door.ask<{ id: string; rev: string }>('PUT', `/data/${doctype}/${part(id)}`, { body: document })
      : await this.door.ask<{ id: string; rev: string }>('POST', `/data/${doctype}/`, { body: document })
    return { ...document, _id: said.id, _rev: said.rev }
  }

  /** Removes a document at the revision that the person saw. */
  async remove(doctype: string, document: Required<Doc>): Promise<void> {
    await this.door.ask('DELETE', `/data/${doctype}/${part(document._id)}`, { query: { rev: document._rev } })
  }

  private index(doctype: string, fields: readonly string[]): Promise<unknown> {
    const key = `${doctype}/${fields.join()}`
    const making =
      this.indexed.get(key) ??
      this.door.ask('POST', `/data/${doctype}/_index`, { body: { index: { fields } } }).catch((error: unknown) => {
        this.indexed.delete(key)
        throw error
      })
    this.indexed.set(key, making)
    return making
  }
}
