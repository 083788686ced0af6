// The worker of Home: it opens when the server does not answer, with what was seen last. The build puts in the two names
// in capitals. Three promises: no token is ever kept, nothing of a person stays once their session is over, and the
// server's own answer is always asked for first.
'use strict'

const BUILD = 'THE BUILD'
const SHELL = ['THE SHELL']
/** Where the instance hands out the shared folder of hashed names: only the page knows the instance's domain. */
const ASSETS = new URL(self.location.href).searchParams.get('assets') ?? ''
const SHELL_CACHE = `shell-${BUILD}`
const SEEN = 'seen'
const PAGE = '/'

const TOKEN = /(&#34;token&#34;:&#34;)[^&]*(&#34;)/
const ROOT = '<div id="root"'

self.addEventListener('install', event => {
  event.waitUntil(
    caches
      .open(SHELL_CACHE)
      .then(cache => cache.addAll(SHELL.map(name => new Request(ASSETS + name, { mode: 'cors', credentials: 'omit' }))))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', event => {
  event.waitUntil(
    caches
      .keys()
      .then(names => Promise.all(names.filter(name => name.startsWith('shell-') && name !== SHELL_CACHE).map(name => caches.delete(name))))
      .then(() => self.clients.claim())
      // The page that brought this worker came before it: asked for once more, to have it from now on.
      .then(() => fetch(PAGE, { redirect: 'manual' }))
      .then(answer => (answer.ok ? keep(answer) : undefined))
      .catch(() => undefined),
  )
})

self.addEventListener('fetch', event => {
  const { request } = event
  if (request.method !== 'GET') return
  if (request.mode === 'navigate') event.respondWith(open(event))
  else if (ASSETS && request.url.startsWith(ASSETS)) event.respondWith(asset(request))
  // All else goes to the server: what the page has read it keeps itself, and it asks for its token by itself.
})

/** The page as the server gives it; without the server, the one that was seen last. */
async function open(event) {
  // Signing out leads through this address from every app: first of all, nothing of the person stays.
  if (new URL(event.request.url).searchParams.has('leave')) await caches.delete(SEEN)
  let answer
  try {
    answer = await fetch(event.request)
  } catch {
    return (await caches.match(PAGE, { cacheName: SEEN })) ?? Response.error()
  }
  // Led elsewhere: the session is over.
  if (answer.type === 'opaqueredirect') await caches.delete(SEEN)
  else if (answer.ok) event.waitUntil(keep(answer.clone()))
  // What stands before a stopped server says 502, 503 or 504.
  else if (answer.status > 501) return (await caches.match(PAGE, { cacheName: SEEN })) ?? answer
  return answer
}

/** Keeps a page without its token. One in which no token is found is not understood, and not kept. */
async function keep(answer) {
  const html = await answer.text()
  if (!TOKEN.test(html) || !html.includes(ROOT)) return
  const kept = html.replace(TOKEN, '$1$2').replace(ROOT, `${ROOT} data-kept="${new Date().toISOString()}"`)
  const headers = new Headers(answer.headers)
  for (const name of ['content-encoding', 'content-length', 'set-cookie']) headers.delete(name)
  await (await caches.open(SEEN)).put(PAGE, new Response(kept, { headers }))
}

/** A file whose name changes with its content: the kept one is the right one. */
async function asset(request) {
  const kept = await caches.match(request.url, { cacheName: SHELL_CACHE })
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok && answer.type === 'cors') {
    const cache = await caches.open(SHELL_CACHE)
    await cache.put(request.url, answer.clone())
  }
  return answer
}
