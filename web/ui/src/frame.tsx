// The frame around every app: where one is, where one can go, what runs, who one is.
import { Kbd, Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { appAddress, Unreachable, useClient } from '@alcove/client'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type Action, keyName, useActions } from './actions'
import { CommandBar, KeysPage } from './bar'
import { SampleMark } from './sample'
import { kindOf } from './states'
import css from './frame.module.css'
import { Icon, type IconName } from './icons'
import { useFormats, useSay } from './language'
import { texts } from './texts'
import { useToast } from './toasts'
import { lastAnswer, useTrouble } from './trouble'
import { useUrl } from './url'
import { RunningWork } from './work'

const APPS: readonly { slug: 'place' | 'money' | 'files' | 'sources'; icon: IconName }[] = [
  { slug: 'place', icon: 'home' },
  { slug: 'money', icon: 'money' },
  { slug: 'files', icon: 'folder' },
  { slug: 'sources', icon: 'plug' },
]

/** What is looked at now and then: in the person's menu. */
const ASIDE: readonly { slug: 'market' | 'egress' | 'jobs'; icon: IconName }[] = [
  { slug: 'market', icon: 'grid' },
  { slug: 'egress', icon: 'globe' },
  { slug: 'jobs', icon: 'clock' },
]

interface Settings {
  data: { attributes: { public_name?: string; email?: string } }
}

/** The person's name, or the first part of the place's domain until it is known. */
export function useName(): string {
  const { door, page } = useClient()
  const settings = useQuery({
    queryKey: ['settings', 'instance'],
    queryFn: ({ signal }) => door.ask<Settings>('GET', '/settings/instance', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    meta: { quiet: true },
  })
  const first = page.domain.split(/[.:]/)[0] ?? ''
  return settings.data?.data.attributes.public_name || first.charAt(0).toUpperCase() + first.slice(1)
}

/** The first letters of a name of one or two words. */
export function initials(name: string): string {
  const letters = name.split(/\s+/).flatMap(word => [...word].slice(0, 1))
  return [letters[0], letters.length > 1 ? letters.at(-1) : undefined].join('').toUpperCase()
}

function Me({ showKeys, compact = false }: { showKeys: () => void; compact?: boolean }) {
  const say = useSay(texts)
  const name = useName()
  const { door, page } = useClient()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const toast = useToast()
  const leave = async () => {
    try {
      await door.send('DELETE', '/auth/login')
    } catch (error) {
      // A refusal means that the session is over already.
      if (error instanceof Unreachable) return toast({ text: say('leave.away'), bad: true })
    }
    // By way of Home, whose worker then forgets what it holds ready; the server leads on to the login.
    window.location.assign(appAddress(page, 'place', window.location.protocol, '?leave'))
  }
  return (
    <Menu position={compact ? 'top-end' : 'top-start'} width={220} shadow="md">
      <Menu.Target>
        <UnstyledButton className={compact ? css.tab : css.me}>
          {compact ? (
            <Icon name="more" />
          ) : (
            <span className={css.face} aria-hidden="true">
              {initials(name)}
            </span>
          )}
          <span className={css.name}>{compact ? say('nav.more') : name}</span>
          <span className="unseen">{say('me.menu')}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{say('me.theme')}</Menu.Label>
        {(['light', 'dark', 'auto'] as const).map(scheme => (
          <Menu.Item
            key={scheme}
            role="menuitemradio"
            aria-checked={colorScheme === scheme}
            onClick={() => setColorScheme(scheme)}
            rightSection={colorScheme === scheme && <Icon name="check" size={16} />}
          >
            {say(`me.theme.${scheme}`)}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href={appAddress(page, 'account', window.location.protocol)} leftSection={<Icon name="person" size={16} />}>
          {say('me.account')}
        </Menu.Item>
        {ASIDE.map(({ slug, icon }) => (
          <Menu.Item key={slug} component="a" href={appAddress(page, slug, window.location.protocol)} leftSection={<Icon name={icon} size={16} />}>
            {say(`app.${slug}`)}
          </Menu.Item>
        ))}
        <Menu.Item leftSection={<Icon name="keys" size={16} />} rightSection={<Kbd>?</Kbd>} onClick={showKeys}>
          {say('me.keys')}
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="door" size={16} />} onClick={() => void leave()}>
          {say('me.leave')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** The server is away, or the session has ended: said once for the page, above it. */
function Trouble() {
  const say = useSay(texts)
  const formats = useFormats()
  const { page } = useClient()
  const trouble = useTrouble()
  if (!trouble) return null
  const kind = kindOf(trouble)
  const since = kind === 'unreachable' ? lastAnswer() : undefined
  const back = encodeURIComponent(window.location.href)
  return (
    <div className={css.trouble} role="alert">
      <Icon name="warn" />
      <span>
        <b>{since ? say('away', { moment: formats.moment(since.toISOString()) }) : say(`error.${kind}`)}.</b>{' '}
        {say(since ? 'away.more' : `error.${kind}.more`)}
      </span>
      {kind === 'session' && (
        <a href={`${window.location.protocol}//${page.domain}/auth/login?redirect=${back}`}>{say('error.session.do')}</a>
      )}
    </div>
  )
}

export interface FrameProps {
  /** How many things wait, by app. */
  waiting?: Partial<Record<string, number>> | undefined
  /** What the command bar offers for what was typed. */
  asked?: ((typed: string) => Action[]) | undefined
  children: ReactNode
}

export function Frame({ waiting = {}, asked, children }: FrameProps) {
  const say = useSay(texts)
  const { page } = useClient()
  const [bar, setBar] = useState(false)
  const [url, change] = useUrl()
  const begun = url.get('find')
  const closeBar = () => {
    setBar(false)
    if (begun !== null) change({ find: undefined }, { replace: true })
  }
  const [keys, setKeys] = useState(false)
  const address = (slug: string) => appAddress(page, slug, window.location.protocol)
  useActions([
    { id: 'bar', label: say('nav.search'), group: say('keys.everywhere'), icon: 'search', keys: ['Mod+k'], keyOnly: true, run: () => setBar(true) },
    { id: 'keys', label: say('keys.open'), group: say('keys.everywhere'), icon: 'keys', keys: ['?'], run: () => setKeys(true) },
    ...[...APPS, ...ASIDE].filter(app => app.slug !== page.app.slug).map(app => ({
      id: `app:${app.slug}`,
      label: say(`app.${app.slug}`),
      group: say('bar.apps'),
      icon: app.icon,
      run: () => window.location.assign(address(app.slug)),
    })),
  ])
  return (
    <div className={css.frame}>
      <a className={css.skip} href="#page">
        {say('nav.skip')}
      </a>
      <nav className={css.rail} aria-label={say('nav.apps')}>
        <div className={css.brand}>
          <Icon name="alcove" size={22} stroke={2} />
          <span>Alcove</span>
        </div>
        <UnstyledButton className={css.find} onClick={() => setBar(true)}>
          <Icon name="search" />
          <span>{say('nav.search')}</span>
          <Kbd>{keyName('Mod+k')}</Kbd>
        </UnstyledButton>
        {APPS.map(app => {
          const here = app.slug === page.app.slug
          const count = waiting[app.slug]
          return (
            <a key={app.slug} className={css.app} href={here ? '/' : address(app.slug)} aria-current={here ? 'page' : undefined}>
              <Icon name={app.icon} />
              <span>{say(`app.${app.slug}`)}</span>
              {count ? <b className="num">{count}</b> : null}
            </a>
          )
        })}
        <UnstyledButton className={`${css.app} ${css.phone}`} onClick={() => setBar(true)}>
          <Icon name="search" />
          <span>{say('nav.search')}</span>
        </UnstyledButton>
        <div className={css.phone}>
          <Me showKeys={() => setKeys(true)} compact />
        </div>
        <div className={css.foot}>
          <RunningWork />
          <Me showKeys={() => setKeys(true)} />
        </div>
      </nav>
      <div className={css.page} id="page">
        <SampleMark />
        <Trouble />
        {children}
      </div>
      <div className={css.phoneWork}>
        <RunningWork />
      </div>
      <CommandBar opened={bar || begun !== null} close={closeBar} asked={asked} begun={begun ?? ''} />
      <KeysPage opened={keys} close={() => setKeys(false)} />
    </div>
  )
}
