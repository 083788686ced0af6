// The page of a person's account: who they are here, how their place looks and opens, who is signed in, the space taken.
import { Failure, Frame, Panel, Rows, languageOf, useActions, useChangeLanguage, useSay } from '@alcove/ui'
import { type ReactNode, useEffect } from 'react'
import { About } from './About'
import { AppPasswords } from './AppPasswords'
import { Clients } from './Clients'
import { Connect } from './Connect'
import css from './account.module.css'
import { useSettings } from './api'
import { Devices } from './Devices'
import { Mail } from './Mail'
import { type Part, PARTS, partOf } from './model'
import { Passkeys } from './Passkeys'
import { Passphrase } from './Passphrase'
import { Person } from './Person'
import { Second } from './Second'
import { Storage } from './Storage'
import { type Key, texts } from './texts'

export function Account() {
  return (
    <Frame>
      <Panel>
        <Page />
      </Panel>
    </Frame>
  )
}

/** Goes to a part, by the address: a link to it can be kept. */
function open(part: Part): void {
  window.history.replaceState(null, '', `#${part}`)
  const heading = document.getElementById(part)
  heading?.scrollIntoView({ block: 'start' })
  heading?.focus({ preventScroll: true })
}

/** Follows the language of the settings when it changes, here or on another page; what is being changed is spoken already. */
function useLanguageOf(locale: string | undefined): void {
  const change = useChangeLanguage()
  useEffect(() => {
    if (locale !== undefined) change(languageOf(locale))
  }, [locale, change])
}

function Page() {
  const say = useSay(texts)
  const settings = useSettings()
  useLanguageOf(settings.data?.locale)
  useEffect(() => {
    const asked = partOf(window.location.hash)
    if (asked) open(asked)
  }, [])
  useActions(PARTS.map(part => ({ id: part, label: say(`go.${part}`), group: say('title'), icon: 'person' as const, run: () => open(part) })))
  return (
    <main className={css.main}>
      <div className={css.in}>
        <h1>{say('title')}</h1>
        <Section part="you">
          {settings.data ? (
            <Person settings={settings.data} />
          ) : settings.isError ? (
            <Failure error={settings.error} again={() => void settings.refetch()} />
          ) : (
            <Rows count={3} />
          )}
        </Section>
        <Section part="mail">{settings.data ? <Mail settings={settings.data} /> : <Rows count={1} />}</Section>
        <Section part="passphrase">
          <Passphrase known={[settings.data?.public_name ?? '', settings.data?.email ?? '']} />
        </Section>
        <Section part="second">{settings.data ? <Second settings={settings.data} /> : <Rows count={1} />}</Section>
        <Section part="passkeys">
          <Passkeys />
        </Section>
        <Section part="devices">
          <Devices />
        </Section>
        <Section part="clients">
          <Clients />
        </Section>
        <Section part="connect">
          <Connect />
        </Section>
        <Section part="passwords">
          <AppPasswords />
        </Section>
        <Section part="space">
          <Storage />
        </Section>
        <Section part="about">
          <About />
        </Section>
      </div>
    </main>
  )
}

function Section({ part, children }: { part: Part; children: ReactNode }) {
  const say = useSay(texts)
  return (
    <section className={css.section} aria-labelledby={part}>
      <div className={css.heading}>
        <h2 id={part} tabIndex={-1}>
          {say(part satisfies Key)}
        </h2>
        <p className="muted small">{say(`${part}.more`)}</p>
      </div>
      <div className={css.body}>
        <Panel>{children}</Panel>
      </div>
    </section>
  )
}

