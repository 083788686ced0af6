// What is said when a change was not kept: the same in every part.
import { Unreachable } from '@alcove/client'
import { useSay, useToast } from '@alcove/ui'
import { texts } from './texts'

/** Tells that a change was not kept. */
export function useFailed(): (error: Error) => void {
  const say = useSay(texts)
  const toast = useToast()
  return error => toast({ text: say(error instanceof Unreachable ? 'away' : 'failed'), bad: true })
}
