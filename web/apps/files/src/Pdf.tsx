// PDF pages, drawn as they come into sight, with their text above so that it can be marked and read aloud. Loaded when
// first needed; worker, fonts and decoders lie in the app's own folder, and bytes are read in the ranges that are needed.
import { useClient } from '@alcove/client'
import { Button, Failure, Rows, useSay } from '@alcove/ui'
import {
  getDocument, GlobalWorkerOptions, PasswordResponses, PDFDataRangeTransport, type PDFDocumentProxy, TextLayer,
} from 'pdfjs-dist/legacy/build/pdf.mjs'
import { useEffect, useRef, useState } from 'react'
import css from './files.module.css'
import { texts } from './texts'

GlobalWorkerOptions.workerSrc = '/pdf/pdf.worker.min.mjs'

const FIRST = 65_536
const SHARPEST = 2
const WIDEST = 960

interface Ask {
  wrong: boolean
  tell: (password: string) => void
}

interface Ready {
  pdf: PDFDocumentProxy
  /** Height by width of the first page: what the others are taken for until they are drawn. */
  ratio: number
}

export default function Pdf({ id, size }: { id: string; size: number }) {
  const say = useSay(texts)
  const { files } = useClient()
  const [ready, setReady] = useState<Ready>()
  const [error, setError] = useState<unknown>()
  const [ask, setAsk] = useState<Ask>()
  const [round, setRound] = useState(0)
  useEffect(() => {
    const stopper = new AbortController()
    let end = () => undefined as unknown
    const open = async () => {
      const first = new Uint8Array(await files.bytes(id, 0, Math.min(FIRST, size), stopper.signal))
      if (stopper.signal.aborted) return
      class Ranges extends PDFDataRangeTransport {
        override requestDataRange(begin: number, to: number) {
          files.bytes(id, begin, to, stopper.signal).then(
            bytes => this.onDataRange(begin, new Uint8Array(bytes)),
            (reason: unknown) => {
              if (!stopper.signal.aborted) setError(reason)
            },
          )
        }
      }
      const origin = window.location.origin
      const loading = getDocument({
        range: new Ranges(size, first),
        disableAutoFetch: true,
        disableStream: true,
        cMapUrl: `${origin}/pdf/cmaps/`,
        cMapPacked: true,
        standardFontDataUrl: `${origin}/pdf/standard_fonts/`,
        wasmUrl: `${origin}/pdf/wasm/`,
        iccUrl: `${origin}/pdf/iccs/`,
        enableXfa: false,
      })
      end = () => loading.destroy()
      loading.onPassword = (tell: (password: string) => void, reason: number) =>
        setAsk({ wrong: reason === PasswordResponses.INCORRECT_PASSWORD, tell })
      const pdf = await loading.promise
      setAsk(undefined)
      const { width, height } = (await pdf.getPage(1)).getViewport({ scale: 1 })
      setReady({ pdf, ratio: height / width })
    }
    open().catch((reason: unknown) => {
      if (!stopper.signal.aborted) setError(reason)
    })
    return () => {
      stopper.abort()
      end()
    }
  }, [files, id, size, round])

  if (error !== undefined) {
    const again = () => {
      setError(undefined)
      setReady(undefined)
      setRound(round + 1)
    }
    return <Failure error={error} again={again} />
  }
  if (ask) {
    return (
      <form
        className={css.password}
        onSubmit={event => {
          event.preventDefault()
          ask.tell(String(new FormData(event.currentTarget).get('password') ?? ''))
        }}
      >
        <label className={css.ask}>
          {say(ask.wrong ? 'pdf.password.wrong' : 'pdf.password')}
          <input type="password" name="password" autoFocus className={css.field} autoComplete="off" />
        </label>
        <Button type="submit" variant="filled">
          {say('pdf.password.do')}
        </Button>
      </form>
    )
  }
  if (!ready) return <Rows count={6} />
  return (
    <div className={css.pages} style={{ maxWidth: WIDEST }}>
      {Array.from({ length: ready.pdf.numPages }, (_, at) => (
        <Page key={at} ready={ready} number={at + 1} />
      ))}
    </div>
  )
}

function Page({ ready, number }: { ready: Ready; number: number }) {
  const say = useSay(texts)
  const box = useRef<HTMLDivElement>(null)
  const [near, setNear] = useState(false)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const watcher = new IntersectionObserver(seen => setNear(seen.some(one => one.isIntersecting)), { rootMargin: '600px 0px' })
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [])
  useEffect(() => {
    const element = box.current
    if (!near || !element) return
    let stop = () => undefined as void
    let stopped = false
    const draw = async () => {
      const page = await ready.pdf.getPage(number)
      const width = element.clientWidth
      const plain = page.getViewport({ scale: 1 })
      const viewport = page.getViewport({ scale: width / plain.width })
      element.style.aspectRatio = `${plain.width} / ${plain.height}`
      if (stopped) return
      const sharp = Math.min(window.devicePixelRatio || 1, SHARPEST)
      const canvas = document.createElement('canvas')
      canvas.width = Math.floor(viewport.width * sharp)
      canvas.height = Math.floor(viewport.height * sharp)
      const task = page.render({ canvas, viewport, transform: [sharp, 0, 0, sharp, 0, 0] })
      const words = document.createElement('div')
      words.className = css.textLayer ?? ''
      words.style.setProperty('--total-scale-factor', String(viewport.scale))
      const layer = new TextLayer({ textContentSource: page.streamTextContent(), container: words, viewport })
      stop = () => {
        task.cancel()
        layer.cancel()
      }
      await task.promise
      element.replaceChildren(canvas, words)
      await layer.render()
    }
    draw().catch((reason: unknown) => {
      // One that is cancelled because it went out of sight is none.
      if (!stopped) console.error(reason)
    })
    return () => {
      stopped = true
      stop()
      element.replaceChildren()
    }
  }, [near, ready, number])
  return <div ref={box} className={css.sheet} role="group" aria-label={say('pdf.page', { number, count: ready.pdf.numPages })} style={{ aspectRatio: `1 / ${ready.ratio}` }} />
}
