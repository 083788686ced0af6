// Texts in the person's language. A message may hold {names}; where a count decides the form, it is an object by the
// plural rule of the language (Intl.PluralRules), and the count is called `count`.

export type Message = string | ({ other: string } & Partial<Record<Intl.LDMLPluralRule, string>>)
export type Catalog = Record<string, Message>
export type Language = 'fr' | 'en'
export type Values = Record<string, string | number>
/** The same keys in both languages: the compiler finds a missing one, and a test finds a missing {name}. */
export type Words<K extends string> = Record<Language, Record<K, Message>>
export type Say<K extends string> = (key: K, values?: Values) => string

/** The language that we have for a locale. */
export function languageOf(locale: string): Language {
  return locale.toLowerCase().startsWith('fr') ? 'fr' : 'en'
}

const NAME = /\{(\w+)\}/g

/** Declares the texts of a part of the web side; `speak` turns them into one language. */
export function words<K extends string>(catalogs: { en: Record<K, Message>; fr: Record<NoInfer<K>, Message> }): Words<K> {
  return catalogs
}

/** The texts of one language, with their numbers written as that language writes them. */
export function speak<K extends string>(all: Words<K>, language: Language): Say<K> {
  const rules = new Intl.PluralRules(language)
  const numbers = new Intl.NumberFormat(language)
  return (key, values = {}) => {
    const message: Message = all[language][key]
    const form = typeof message === 'string' ? message : (message[rules.select(Number(values.count))] ?? message.other)
    return form.replace(NAME, (whole, name: string) => {
      const value = values[name]
      return value === undefined ? whole : typeof value === 'number' ? numbers.format(value) : value
    })
  }
}

/** What is missing or left over between the languages: a line for each fault. */
export function faults(name: string, all: Record<Language, Catalog>): string[] {
  const found: string[] = []
  const names = (message: Message | undefined) => {
    const forms = message === undefined ? [] : typeof message === 'string' ? [message] : Object.values(message)
    return [...new Set(forms.flatMap(form => [...form.matchAll(NAME)].map(match => match[1])))].sort().join()
  }
  for (const key of new Set([...Object.keys(all.en), ...Object.keys(all.fr)])) {
    const en = all.en[key]
    const fr = all.fr[key]
    if (en === undefined || fr === undefined) found.push(`${name}.${key}: missing in ${en === undefined ? 'en' : 'fr'}`)
    else if (names(en) !== names(fr)) found.push(`${name}.${key}: {${names(en)}} in en, {${names(fr)}} in fr`)
  }
  return found
}
