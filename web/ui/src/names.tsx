// Names that others chose, shown so that they cannot lie: by themselves, and with what would turn their direction or hide
// a part of them made visible.
import { extension } from '@alcove/client'
import css from './names.module.css'

// Marks of direction, and characters that show nothing at all (Unicode general categories Cc and some of Cf).
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g
const LONGEST_EXTENSION = 12

/** The name with a sign in place of each character that would not be seen. */
export function visible(name: string): string {
  return name.replace(UNSEEN, '\ufffd')
}

/** A name on one line. Where it is too long its middle is left out, so that its extension is seen. */
export function Name({ of }: { of: string }) {
  const shown = visible(of)
  const [stem, last] = extension(shown)
  if (!last || last.length > LONGEST_EXTENSION) return <bdi className={css.whole} title={shown}>{shown}</bdi>
  return (
    <span className={css.name} title={shown}>
      <bdi>{stem}</bdi>
      <bdi>{last}</bdi>
    </span>
  )
}
