// What is asked before something that cannot be undone.
import { Button, Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import css from './ask.module.css'
import { useSay } from './language'
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
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': say('close') }}>
      <div>{children}</div>
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
