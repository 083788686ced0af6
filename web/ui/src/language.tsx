// The person's language, for everything below.
import { createContext, type ReactNode, use, useLayoutEffect, useMemo, useState } from 'react'
import { type Formats, formatsOf } from './formats'
import { type Language, type Say, speak, type Words } from './words'

interface Held {
  language: Language
  formats: Formats
  change: (language: Language) => void
}

const Holder = createContext<Held>({ language: 'en', formats: formatsOf('en'), change: () => undefined })

/** `first` is the language that the page came in; `titles` name the app in the browser's tab. */
export function LanguageProvider({ first, titles, children }: { first: Language; titles: Record<Language, string>; children: ReactNode }) {
  const [language, change] = useState(first)
  useLayoutEffect(() => {
    document.documentElement.lang = language
    document.title = `${titles[language]} - Alcove`
  }, [language, titles])
  const value = useMemo(() => ({ language, formats: formatsOf(language), change }), [language])
  return <Holder value={value}>{children}</Holder>
}

/** Dates, amounts and sizes in the person's language. */
export function useFormats(): Formats {
  return use(Holder).formats
}

/** The person's language. */
export function useLanguage(): Language {
  return use(Holder).language
}

/** Speaks another language from now on, on this page; the server is not told. */
export function useChangeLanguage(): (language: Language) => void {
  return use(Holder).change
}

const spoken = new WeakMap<object, Partial<Record<Language, unknown>>>()

/** These texts in the person's language. */
export function useSay<K extends string>(all: Words<K>): Say<K> {
  const { language } = use(Holder)
  const known = spoken.get(all) ?? {}
  spoken.set(all, known)
  return (known[language] ??= speak(all, language)) as Say<K>
}

/** A text in which *stars* mark what is strong. */
export function Rich({ text }: { text: string }) {
  return text.split('*').map((piece, at) => (at % 2 ? <b key={at}>{piece}</b> : piece))
}
