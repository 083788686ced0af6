// Coming here for one operation or one bill, as a search does: its month, and what shows it, are found from its id.
import { useClient } from '@alcove/client'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { LINKS, OPERATIONS } from './api'
import { dayOf, type Link, type Operation } from './model'
import type { Go, State } from './state'

type Changes = Parameters<Go>[0]

/** What the address says of a bill: its operation, its place in the queue, or itself alone where nothing paid it yet. */
export function leadingTo(links: readonly Link[]): Changes | undefined {
  const living = links.filter(link => link.status !== 'refused')
  const sure = living.find(link => link.status === 'linked' && link.role === 'payment') ?? living.find(link => link.status === 'linked')
  if (sure) return { operation: sure.operation, bill: undefined }
  const waits = living.find(link => link.status === 'to_confirm')
  return waits && { view: 'confirm', link: waits._id, bill: undefined }
}

/** Leads on from an address that names an operation or a bill; answers the bill that is shown alone. */
export function useArrival(state: State, go: Go): string | undefined {
  const { documents } = useClient()
  const { operation, bill } = state
  const found = useQuery({
    queryKey: ['money', 'arrival', operation, bill],
    enabled: operation !== undefined || bill !== undefined,
    queryFn: async ({ signal }): Promise<Changes | null> => {
      if (operation) {
        const one = await documents.get<Operation>(OPERATIONS, operation, signal)
        return { open: operation, operation: undefined, view: 'list', search: undefined, month: one?.date && dayOf(one.date).slice(0, 7) }
      }
      const links = await documents.findAll<Link>(LINKS, { selector: { bill }, index: ['bill'], signal })
      return leadingTo(links) ?? null
    },
  })
  const change = found.data
  useEffect(() => {
    if (change) go(change, { replace: true })
    // Once for each that is found; `go` only writes the address.
  }, [change])
  return found.data === null ? bill : undefined
}
