// What can go wrong between a page and its server.

/** The server did not answer: it is stopped, or the network is away. Nothing is known about what was asked. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** The body of a refusal, in either of the contract's shapes. */
export interface Said {
  errors?: { status?: string; detail?: string; title?: string; source?: { parameter?: string; pointer?: string } }[]
  reason?: string
  error?: string
}

/** The server refused: `status` and `reason` as it said them (contract-a section 1). */
export class Refused extends Error {
  override readonly name = 'Refused'

  constructor(
    readonly status: number,
    readonly reason: string,
    readonly asked: string,
    /** What else the body said, where it was JSON. */
    readonly said?: Said,
  ) {
    super(reason)
  }
}

// These words are part of the contract, in whichever language the instance is (contract-a section 0).
const STALE = new Set(['Expired token', 'Invalid JWT token', 'Invalid token'])

/** Whether a refusal means that the token has to be fetched again. */
export function stale(refusal: Refused): boolean {
  return refusal.status === 401 || STALE.has(refusal.reason.replace(/^code=\d+, message=/, ''))
}

/** A refusal out of the answer's body, which may be anything. */
export function refusal(status: number, body: string, otherwise: string, asked: string): Refused {
  let said: Said | undefined
  try {
    const decoded = JSON.parse(body) as unknown
    if (typeof decoded === 'object' && decoded !== null) said = decoded
  } catch {
    return new Refused(status, body.trim().slice(0, 300) || otherwise, asked)
  }
  const first = said?.errors?.[0]
  return new Refused(status, first?.detail || first?.title || said?.reason || said?.error || otherwise, asked, said)
}
