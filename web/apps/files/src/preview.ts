// How far bytes of a preview are read: a file may be of any size.
export const TEXT_MOST = 400_000

/** The text of bytes, and whether it looks like one: control characters speak of something else. */
export function textIn(bytes: ArrayBuffer): string | undefined {
  const view = new Uint8Array(bytes)
  if (view.subarray(0, 4096).includes(0) && !(view[0] === 0xff && view[1] === 0xfe) && !(view[0] === 0xfe && view[1] === 0xff)) return undefined
  if (view[0] === 0xff && view[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (view[0] === 0xfe && view[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  try {
    // The last character may be cut in the middle: streaming leaves it out.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
