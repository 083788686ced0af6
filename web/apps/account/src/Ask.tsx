// What is asked before something ends, and what is said when a change was not kept: the same in every part.
import { Unreachable } from '@alcove/client'
import { Button, Modal, useSay, useToast } from '@alcove/ui'
import type { ReactNode } from 'react'
import css from './account.module.css'
import { texts } from './texts'

interface Props {
  opened: boolean
  title: string
  /** What the person does by saying yes, in a word or two. */
  act: string
  go: () => void
  close: () => void
  children: ReactNode
}

export function Ask({ opened, title, act, go, close, children }: Props) {
  const say = useSay(texts)
  const yes = () => {
    go()
    close()
  }
  return (
    <Modal opened={opened} onClose={close} title={title}>
      <p>{children}</p>
      <div className={css.acts}>
        <Button variant="filled" onClick={yes} data-autofocus>
          {act}
        </Button>
        <Button variant="subtle" onClick={close}>
          {say('cancel')}
        </Button>
      </div>
    </Modal>
  )
}

/** Tells that a change was not kept. */
export function useFailed(): (error: Error) => void {
  const say = useSay(texts)
  const toast = useToast()
  return error => toast({ text: say(error instanceof Unreachable ? 'away' : 'failed'), bad: true })
}
