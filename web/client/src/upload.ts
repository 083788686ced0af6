// Sending bytes with progress, which `fetch` cannot tell. The body is streamed by the browser from the disk.
import { address, type Door, type Question } from './door'
import { refusal, Refused, stale, Unreachable } from './errors'

export interface Sending {
  method?: string
  query?: Question['query']
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
  /** Hears how many bytes went out. */
  told?: ((bytes: number) => void) | undefined
  /** Hears the address of an upload in pieces, by which it can be given up. */
  began?: ((where: string) => void) | undefined
  /** Hears how many bytes the server has for good, of an upload in pieces. */
  arrived?: ((bytes: number) => void) | undefined
}

function once(door: Door, path: string, body: Blob, sending: Sending): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const { method = 'POST', signal } = sending
    const stop = () => request.abort()
    request.open(method, door.origin + address(path, sending.query))
    request.withCredentials = true
    request.setRequestHeader('Authorization', `Bearer ${door.token}`)
    request.setRequestHeader('Accept', 'application/vnd.api+json')
    const headers = { 'Content-Type': body.type || 'application/octet-stream', ...sending.headers }
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = event => sending.told?.(event.loaded)
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(request)
      } else {
        reject(refusal(request.status, request.responseText, request.statusText, `${method} ${path}`))
      }
    }
    request.onerror = () => reject(new Unreachable('the connection broke while sending'))
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'))
    request.onloadend = () => signal?.removeEventListener('abort', stop)
    if (signal?.aborted) return reject(new DOMException('stopped', 'AbortError'))
    signal?.addEventListener('abort', stop)
    request.send(body)
  })
}

/** Sends a body and answers the request when it is over; a stale token is renewed once. Raises as `upload`. */
export async function request(door: Door, path: string, body: Blob, sending: Sending = {}): Promise<XMLHttpRequest> {
  try {
    return await once(door, path, body, sending)
  } catch (error) {
    if (!(error instanceof Refused) || !stale(error)) throw error
    await door.renew()
    return once(door, path, body, sending)
  }
}

/** Sends a body and answers the decoded JSON; a stale token is renewed once. Raises `Refused`, `Unreachable`, AbortError. */
export async function upload<T>(door: Door, path: string, body: Blob, sending: Sending = {}): Promise<T> {
  const { responseText } = await request(door, path, body, sending)
  return (responseText ? JSON.parse(responseText) : undefined) as T
}
