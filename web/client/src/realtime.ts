// Changes as they happen, over one socket per page (contract-a section 13). What was missed while the socket was away is
// not told again: whoever listens is told `missed` and reads anew.
import type { Door } from './door'

export interface Change {
  event: 'CREATED' | 'UPDATED' | 'DELETED' | 'NOTIFIED'
  type: string
  id: string
  doc?: unknown
}

export interface Listener {
  changed(change: Change): void
  missed(): void
}

interface Frame {
  event?: string
  payload?: { type?: string; id?: string; doc?: unknown; status?: string }
}

const PROTOCOL = 'io.cozy.websocket'
const FIRST_PAUSE = 1000
const LONGEST_PAUSE = 60_000

/** Listens to kinds of documents; connects with the first listener and leaves with the last. */
export class Realtime {
  private readonly listeners = new Map<string, Set<Listener>>()
  private socket: WebSocket | undefined
  private pause = FIRST_PAUSE
  private timer: ReturnType<typeof setTimeout> | undefined
  private lost = false

  constructor(
    private readonly door: Door,
    private readonly open: (url: string, protocol: string) => WebSocket = (url, protocol) => new WebSocket(url, protocol),
  ) {
    door.onToken(token => this.tell('AUTH', token))
  }

  /** Tells `listener` every change of a kind; answers how to stop. */
  listen(doctype: string, listener: Listener): () => void {
    const known = this.listeners.get(doctype)
    if (known) known.add(listener)
    else {
      this.listeners.set(doctype, new Set([listener]))
      this.tell('SUBSCRIBE', { type: doctype })
    }
    if (!this.socket && !this.timer) this.connect()
    return () => this.leave(doctype, listener)
  }

  private leave(doctype: string, listener: Listener): void {
    const known = this.listeners.get(doctype)
    known?.delete(listener)
    if (known?.size) return
    this.listeners.delete(doctype)
    this.tell('UNSUBSCRIBE', { type: doctype })
    if (this.listeners.size) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.socket?.close()
    this.socket = undefined
  }

  private connect(): void {
    this.timer = undefined
    const socket = this.open(`${this.door.origin.replace(/^http/, 'ws')}/realtime/`, PROTOCOL)
    this.socket = socket
    let opened = false
    socket.onopen = () => {
      opened = true
      this.pause = FIRST_PAUSE
      this.tell('AUTH', this.door.token)
      for (const doctype of this.listeners.keys()) this.tell('SUBSCRIBE', { type: doctype })
      if (this.lost) for (const listener of this.everyone()) listener.missed()
      this.lost = false
    }
    socket.onmessage = message => this.hear(String(message.data))
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.socket = undefined
      this.lost = true
      // Kept away by a stopped server, or by a proxy that lets no socket through: reading anew tells which, and helps.
      if (!opened) for (const listener of this.everyone()) listener.missed()
      this.timer = setTimeout(() => this.connect(), this.pause)
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE)
    }
  }

  private hear(data: string): void {
    let frame: Frame
    try {
      frame = JSON.parse(data) as Frame
    } catch {
      return
    }
    if (frame.event === 'error') {
      // The token was too old: the server closes this socket, and the next one begins with a new token.
      if (frame.payload?.status?.startsWith('401')) void this.door.renew().catch(() => undefined)
      return
    }
    const { type, id, doc } = frame.payload ?? {}
    if (!type || !id) return
    for (const listener of this.listeners.get(type) ?? []) {
      listener.changed({ event: frame.event as Change['event'], type, id, doc })
    }
  }

  private everyone(): Listener[] {
    return [...this.listeners.values()].flatMap(set => [...set])
  }

  private tell(method: string, payload: unknown): void {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify({ method, payload }))
  }
}
