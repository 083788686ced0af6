// Markdown as a page: rendered, then cleaned of all that could run, load or lead the eye astray. Loaded when first needed.
import DOMPurify from 'dompurify'
import { Marked } from 'marked'
import { useMemo } from 'react'
import css from './files.module.css'

const purify = DOMPurify(window)
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
// HTML inside of Markdown is shown as what it is: a text.
const marked = new Marked({ gfm: true, async: false, renderer: { html: ({ text }) => text.replace(/[&<>"]/g, sign => ENTITIES[sign] ?? '') } })

purify.addHook('afterSanitizeAttributes', node => {
  if (node.tagName === 'A') {
    node.setAttribute('target', '_blank')
    node.setAttribute('rel', 'noopener noreferrer nofollow')
  }
  // No picture is fetched from anywhere because a text says so.
  if (node.tagName === 'IMG' && !node.getAttribute('src')?.startsWith('data:image/')) {
    node.replaceWith(node.ownerDocument.createTextNode(node.getAttribute('alt') ?? ''))
  }
})

/** The HTML of a Markdown text that may be shown in the person's own page. */
export function rendered(text: string): string {
  return purify.sanitize(marked.parse(text, { async: false }), {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ['style', 'form', 'input', 'textarea', 'select', 'button', 'video', 'audio', 'source', 'picture', 'track', 'svg', 'dialog'],
    FORBID_ATTR: ['style', 'class', 'id', 'name', 'srcset', 'background', 'poster'],
    ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):|^data:image\/(?:png|jpeg|gif|webp);/i,
  })
}

export default function Markdown({ text }: { text: string }) {
  const html = useMemo(() => rendered(text), [text])
  return <article className={css.prose} dir="auto" dangerouslySetInnerHTML={{ __html: html }} />
}
