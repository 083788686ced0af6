// Name, picture, language, colours, and which app opens first.
import { Unreachable } from '@alcove/client'
import { Button, type Language, useChangeLanguage, useLanguage, useSay, useScheme, useToast } from '@alcove/ui'
import { type FormEvent, useId, useState } from 'react'
import css from './account.module.css'
import { Clash, useApps, useChangeSettings } from './api'
import { firstApp, type Settings } from './model'
import { Picture } from './Picture'
import { type Key, texts } from './texts'

const LONGEST = 200
const LANGUAGES: readonly { code: Language; name: string }[] = [
  { code: 'fr', name: 'Français' },
  { code: 'en', name: 'English' },
]

export function Person({ settings }: { settings: Settings }) {
  return (
    <>
      <Name settings={settings} />
      <Picture />
      <Tongue settings={settings} />
      <Colours />
      <First settings={settings} />
    </>
  )
}

/** The words for a change that was not kept. */
function reasonOf(error: unknown): Key {
  if (error instanceof Clash) return 'clash'
  return error instanceof Unreachable ? 'away' : 'failed'
}

/** Keeps a change that shows at once, with a notice to undo it; what others changed meanwhile is told. */
function useKeep(settings: Settings) {
  const say = useSay(texts)
  const toast = useToast()
  const change = useChangeSettings()
  const keep = async (seen: Settings, wanted: Settings, said: string): Promise<boolean> => {
    const before = Object.fromEntries(Object.keys(wanted).map(name => [name, seen[name]])) as Settings
    try {
      await change(seen, wanted)
    } catch (error) {
      toast({ text: say(reasonOf(error)), bad: true })
      return false
    }
    toast({ text: said, undo: () => void keep({ ...seen, ...wanted }, before, say('undone')) })
    return true
  }
  return (wanted: Settings, said: string) => keep(settings, wanted, said)
}

function Name({ settings }: { settings: Settings }) {
  const say = useSay(texts)
  const toast = useToast()
  const change = useChangeSettings()
  const id = useId()
  // What is typed, and what the server held when the typing began.
  const [draft, setDraft] = useState<{ text: string; seen: Settings }>()
  const [theirs, setTheirs] = useState<string>()
  const [error, setError] = useState('')
  const stored = settings.public_name ?? ''
  const text = draft?.text ?? stored
  const dirty = draft !== undefined && draft.text.trim() !== stored
  const save = async (seen: Settings, name: string) => {
    try {
      await change(seen, { public_name: name })
    } catch (failure) {
      if (failure instanceof Clash) setTheirs(failure.now.public_name ?? '')
      else setError(say(reasonOf(failure)))
      return
    }
    setDraft(undefined)
    setTheirs(undefined)
    toast({ text: say('name.done'), undo: () => void save({ public_name: name }, seen.public_name ?? '') })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!draft || !dirty) return
    if (!draft.text.trim()) setError(say('name.empty'))
    else void save(draft.seen, draft.text.trim())
  }
  return (
    <form className={css.line} onSubmit={submit}>
      <label htmlFor={id}>{say('name')}</label>
      <div className={css.control}>
        <input
          id={id}
          className={css.input}
          autoComplete="name"
          maxLength={LONGEST}
          value={text}
          aria-invalid={error !== '' || undefined}
          aria-describedby={`${id}-said`}
          onChange={event => {
            setError('')
            setDraft({ text: event.target.value, seen: draft?.seen ?? settings })
          }}
          onKeyDown={event => {
            if (event.key === 'Escape') setDraft(undefined)
          }}
        />
        {dirty && theirs === undefined && (
          <Button type="submit" variant="filled">
            {say('save')}
          </Button>
        )}
      </div>
      <div id={`${id}-said`} className={css.said} role="status">
        {error && <span className={css.bad}>{error}</span>}
        {theirs !== undefined && draft && (
          <>
            <span className={css.warn}>{say('name.clash', { theirs })}</span>
            <span className={css.acts}>
              <Button onClick={() => void save({ ...settings, public_name: theirs }, draft.text.trim())}>{say('clash.mine')}</Button>
              <Button
                variant="subtle"
                onClick={() => {
                  setDraft(undefined)
                  setTheirs(undefined)
                }}
              >
                {say('clash.theirs')}
              </Button>
            </span>
          </>
        )}
      </div>
    </form>
  )
}

function Tongue({ settings }: { settings: Settings }) {
  const say = useSay(texts)
  const language = useLanguage()
  const speak = useChangeLanguage()
  const keep = useKeep(settings)
  const choose = async (code: Language) => {
    if (code === language) return
    speak(code)
    if (!(await keep({ locale: code }, texts[code]['language.done'] as string))) speak(language)
  }
  return (
    <fieldset className={css.line}>
      <legend>{say('language')}</legend>
      <div className={css.choices}>
        {LANGUAGES.map(({ code, name }) => (
          <label key={code} lang={code}>
            <input type="radio" name="language" checked={language === code} onChange={() => void choose(code)} />
            {name}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Colours() {
  const say = useSay(texts)
  const { colorScheme, setColorScheme } = useScheme()
  return (
    <fieldset className={css.line}>
      <legend>{say('theme')}</legend>
      <div className={css.choices}>
        {(['light', 'dark', 'auto'] as const).map(scheme => (
          <label key={scheme}>
            <input type="radio" name="theme" checked={colorScheme === scheme} onChange={() => setColorScheme(scheme)} />
            {say(`theme.${scheme}`)}
          </label>
        ))}
      </div>
      <p className={`${css.said} muted small`}>{say('theme.more')}</p>
    </fieldset>
  )
}

function First({ settings }: { settings: Settings }) {
  const say = useSay(texts)
  const id = useId()
  const apps = useApps(useLanguage())
  const keep = useKeep(settings)
  if (!apps.data || apps.data.length < 2) return null
  const slugs = apps.data.map(app => app.slug)
  const chosen = firstApp(settings.default_redirection, slugs)
  const choose = (slug: string) => {
    const app = apps.data.find(one => one.slug === slug)
    void keep({ default_redirection: `${slug}/` }, say('first.done', { name: app?.name ?? slug }))
  }
  return (
    <div className={css.line}>
      <label htmlFor={id}>{say('first')}</label>
      <select id={id} className={css.input} value={chosen} onChange={event => choose(event.target.value)}>
        {apps.data.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name}
          </option>
        ))}
      </select>
    </div>
  )
}
