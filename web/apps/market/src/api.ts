// What the page asks of the server.
import { useClient, useFresh } from '@alcove/client'
import { useWork } from '@alcove/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Installed, type Offer, offersOf, type Registered, routeOf } from './model'

const JSONAPI = 'application/vnd.api+json'
const KEY = ['market']
const PAGE = 200
const APPS = ['io.cozy.apps', 'io.cozy.konnectors']

interface RegistrySaid {
  data?: Registered[]
  meta?: { next_cursor?: string }
}

/** All that could be had or is there. */
export function useOffers() {
  const { door } = useClient()
  useFresh(APPS, KEY)
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const installed = async (path: string) => (await door.ask<{ data: Installed[] }>('GET', path, { query: { limit: 1000 }, accept: JSONAPI, signal })).data
      const registered = async () => {
        const found: Registered[] = []
        let cursor: string | undefined
        do {
          const query = { limit: PAGE, latestChannelVersion: 'stable', versionsChannel: 'stable', cursor }
          const said = await door.ask<RegistrySaid>('GET', '/registry', { query, signal })
          found.push(...(said.data ?? []))
          cursor = said.meta?.next_cursor
        } while (cursor)
        return found
      }
      const held = async () => (await door.ask<{ data: { attributes: { level: string } } }>('GET', '/connectors/confinement', { accept: JSONAPI, signal })).data.attributes.level !== 'limits'
      const [apps, konnectors, ours, offered, confined] = await Promise.all([installed('/apps/'), installed('/konnectors/'), installed('/connectors/'), registered(), held()])
      return offersOf({ apps, konnectors, ours, registered: offered, held: confined })
    },
  })
}

export interface Change {
  offer: Offer
  act: 'install' | 'update' | 'remove'
}

/** Installs, updates or removes; what is under way stands in the frame. */
export function useChange(words: { title: (offer: Offer) => string; detail: string }, told: { done: (change: Change) => void; failed: (error: Error, change: Change) => void }) {
  const { door } = useClient()
  const queries = useQueryClient()
  const { show, end } = useWork()
  return useMutation({
    mutationFn: async ({ offer, act }: Change) => {
      const id = `market:${offer.slug}`
      if (act !== 'remove') show({ id, title: words.title(offer), detail: words.detail })
      try {
        if (act === 'remove') await door.send('DELETE', routeOf(offer), { accept: JSONAPI })
        else if (act === 'install') await door.send('POST', routeOf(offer), { query: { Source: `registry://${offer.slug}/stable` }, accept: JSONAPI })
        else await door.send('PUT', routeOf(offer), { query: { PermissionsAcked: 'true' }, accept: JSONAPI })
      } finally {
        end(id)
      }
    },
    onSuccess: (_, change) => told.done(change),
    onError: told.failed,
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  })
}
