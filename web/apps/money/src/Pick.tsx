// Linking by hand: the bills that came near to an operation (or the operations near to a bill), and a search in all others.
import { Empty, Failure, Icon, Modal, Rows, useFormats, useKeyboardBack, useSay } from '@alcove/ui'
import { type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { type Choice, type Side, useChoices, useLinkByHand } from './byhand'
import { dayOf } from './model'
import css from './money.module.css'
import { texts } from './texts'

interface Props {
  /** What the other side is chosen for. */
  for: Choice
  side: Side
  close: () => void
  /** Something was chosen. */
  chosen?: (choice: Choice) => void
}

const other: Record<Side, Side> = { bill: 'operation', operation: 'bill' }

export function Pick({ for: one, side, close, chosen }: Props) {
  const say = useSay(texts)
  const formats = useFormats()
  const [typed, setTyped] = useState('')
  const [active, setActive] = useState(0)
  const box = useRef<HTMLUListElement>(null)
  const choices = useChoices(one, other[side], typed.trim())
  const link = useLinkByHand()
  useKeyboardBack()
  const found = choices.data ?? []
  const at = Math.min(active, Math.max(0, found.length - 1))
  useEffect(() => {
    // In braces, because newer browsers answer with a promise, which React would take for what undoes the effect.
    box.current?.children[at]?.scrollIntoView({ block: 'nearest' })
  }, [at])

  const take = (choice: Choice | undefined) => {
    if (!choice) return
    close()
    const [bill, operation] = side === 'bill' ? [one, choice] : [choice, one]
    link({ bill, operation })
    chosen?.(choice)
  }
  const press = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step) setActive(Math.max(0, Math.min(at + step, found.length - 1)))
    else if (event.key === 'Enter') take(found[at])
    else return
    event.preventDefault()
  }
  return (
    <Modal opened onClose={close} size={520} title={say(`pick.${other[side]}`, { name: one.name })} closeButtonProps={{ 'aria-label': say('pick.close') }}>
      <label className={css.pickField}>
        <Icon name="search" size={16} />
        <span className="unseen">{say(`pick.search.${other[side]}`)}</span>
        <input
          type="search"
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={found.length > 0 ? 'choices' : undefined}
          aria-activedescendant={found[at] ? `choice-${found[at].id}` : undefined}
          value={typed}
          placeholder={say(`pick.search.${other[side]}`)}
          autoComplete="off"
          maxLength={100}
          data-autofocus
          onChange={event => {
            setTyped(event.target.value)
            setActive(0)
          }}
          onKeyDown={press}
        />
      </label>
      {choices.isPending ? (
        <Rows count={4} />
      ) : choices.isError && !choices.data ? (
        <Failure error={choices.error} again={() => void choices.refetch()} />
      ) : found.length === 0 ? (
        <Empty icon="search" title={say(typed.trim() ? 'pick.none' : `pick.near.${other[side]}`)}>
          {say('pick.none.more')}
        </Empty>
      ) : (
        <ul ref={box} id="choices" role="listbox" aria-label={say(`pick.${other[side]}`, { name: one.name })} className={css.choices}>
          {found.map((choice, index) => (
            <li key={choice.id} id={`choice-${choice.id}`} role="option" aria-selected={index === at} className={css.choice} onClick={() => take(choice)}>
              <span>
                <bdi>{choice.name}</bdi>
                <span className="small muted">{choice.date && formats.day(dayOf(choice.date), { year: true })}</span>
              </span>
              <span className="num">{formats.amount(choice.amount, choice.currency)}</span>
            </li>
          ))}
        </ul>
      )}
    </Modal>
  )
}
