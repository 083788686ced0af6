// How an app begins: the facts of its page, the client, the language, the look, the frame's parts.
import { MantineProvider } from '@mantine/core'
import { clientOf, ClientProvider, readPage } from '@alcove/client'
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ActionsProvider } from './actions'
import { LanguageProvider } from './language'
import { sampleOf } from './sample'
import { schemeManager } from './scheme'
import { Panel } from './states'
import './styles'
import { texts } from './texts'
import { theme, variables } from './theme'
import { ToastsProvider } from './toasts'
import { queryClient } from './trouble'
import { type Language, languageOf, speak } from './words'
import { WorkProvider } from './work'

/**
 * Shows an app in its page; `titles` name it in the browser's tab. `recall` may put back what was read earlier, `language`
 * stands in for the one of the place.
 */
export async function mount(app: ReactNode, titles: { en: string; fr: string }, recall?: (queries: QueryClient) => Promise<void>, language?: Language): Promise<void> {
  const page = readPage(document)
  const root = document.getElementById('root')
  if (!root) throw new Error('the page has no element called root')
  const mark = (language: Language) => (sampleOf(page) ? `${speak(texts, language)('sample.mark')} - ${titles[language]}` : titles[language])
  const marked = { en: mark('en'), fr: mark('fr') }
  const queries = queryClient()
  await recall?.(queries)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto" colorSchemeManager={schemeManager(page)}>
        <QueryClientProvider client={queries}>
          <ClientProvider client={clientOf(page)}>
            <LanguageProvider first={language ?? languageOf(page.locale)} titles={marked}>
              <ActionsProvider>
                <WorkProvider>
                  <ToastsProvider>
                    <Panel>{app}</Panel>
                  </ToastsProvider>
                </WorkProvider>
              </ActionsProvider>
            </LanguageProvider>
          </ClientProvider>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}
