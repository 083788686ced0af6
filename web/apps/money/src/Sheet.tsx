// A bill as a sheet of paper: its first page where there is a picture of it, a drawn one until then.
import { useSay } from '@alcove/ui'
import { useEffect, useState } from 'react'
import { useBill, useThumbnail } from './api'
import type { Bill } from './model'
import css from './money.module.css'
import { texts } from './texts'

/** A row that is only scrolled past asks for nothing. */
const RESTS = 1000

/** The picture over the drawn sheet; nothing as long as there is none. */
function FirstPage({ bill, seen }: { bill: Bill | undefined; seen: (is: boolean) => void }) {
  const picture = useThumbnail(bill)
  const [there, setThere] = useState(false)
  const show = (is: boolean) => {
    setThere(is)
    seen(is)
  }
  // A picture that is not made yet is answered as a single point.
  return picture ? <img src={picture} alt="" decoding="async" onLoad={({ currentTarget }) => show(currentTarget.naturalWidth > 1)} onError={() => show(false)} hidden={!there} /> : null
}

export function Sheet({ bill }: { bill: Bill | undefined }) {
  const [seen, setSeen] = useState(false)
  return (
    <i className={css.sheet} data-seen={seen || undefined}>
      <FirstPage bill={bill} seen={setSeen} />
    </i>
  )
}

function Found({ id, seen }: { id: string; seen: (is: boolean) => void }) {
  const bill = useBill(id)
  return <FirstPage bill={bill.data ?? undefined} seen={seen} />
}

/** The small sheet of a row; `bill` as an operation names it. */
export function Paper({ bill }: { bill: string | undefined }) {
  const say = useSay(texts)
  const [rests, setRests] = useState(false)
  const [seen, setSeen] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setRests(true), RESTS)
    return () => clearTimeout(timer)
  }, [])
  const id = bill?.replace(/^io\.cozy\.bills:/, '')
  return (
    <i className={css.paper} data-seen={seen || undefined}>
      <span className="unseen">{say('bill.there')}</span>
      {rests && id && <Found id={id} seen={setSeen} />}
    </i>
  )
}
