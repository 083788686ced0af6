// What a file's bytes add up to, as the server says it. Loaded only where two files may be the same.
import { md5 } from '@noble/hashes/legacy.js'

const STEP = 1024 * 1024

/** The MD5 of a file in base64, read a megabyte at a time. */
export async function digestOf(file: Blob, signal?: AbortSignal): Promise<string> {
  const sum = md5.create()
  for (let at = 0; at < file.size && !signal?.aborted; at += STEP) sum.update(new Uint8Array(await file.slice(at, at + STEP).arrayBuffer()))
  return btoa(String.fromCharCode(...sum.digest()))
}
