// One build for all apps. Each app has its own page; scripts, styles and fonts go to one folder of hashed names that the
// server hands out on the instance's own domain, so that a second app finds what they share in the browser's cache.
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import { SHARED_FOLDER, SHARED_PATH } from './build/layout.mjs'

const root = import.meta.dirname
const apps = readdirSync(resolve(root, 'apps'))

/** The page of an app, and the one of its guests where it has one. */
function pagesOf(app: string): [string, string][] {
  const guests = resolve(root, 'apps', app, 'public/index.html')
  return [[app, resolve(root, 'apps', app, 'index.html')], ...(existsSync(guests) ? [[`${app}-public`, guests] as [string, string]] : [])]
}

const LAZY = /node_modules\/(pdfjs-dist|marked|dompurify|@noble|world-atlas|topojson-client)\/|client\/src\/digest/

/** Where `dev/web` lets the development server listen; the pages themselves are on the hosts of the apps. */
const DEVELOPMENT = { host: '127.0.0.1', port: Number(process.env.ALCOVE_VITE_PORT ?? 5173) }

/** What a page that Vite does not serve itself must run before React: plugin-react would write it into the page. */
const refresh: Plugin = {
  name: 'alcove-refresh',
  configureServer(server) {
    server.middlewares.use('/@alcove/refresh', (_, answer) => {
      answer.setHeader('Content-Type', 'text/javascript')
      answer.setHeader('Access-Control-Allow-Origin', '*')
      answer.end(`import { injectIntoGlobalHook } from '/@react-refresh'
injectIntoGlobalHook(window)
window.$RefreshReg$ = () => {}
window.$RefreshSig$ = () => type => type
`)
    })
  },
}

/**
 * What a page shows until its script has run: the frame without anything in it, at once; and when the script never comes,
 * after some seconds, what to do.
 */
const LATE = `
      <style>
        .early { position: fixed; inset: 0; display: grid; grid-template-columns: 216px 1fr; background: var(--paper); }
        .early b { padding: 18px 20px 18px 52px; border-right: 1px solid var(--line); font: 650 16px/22px system-ui, sans-serif; color: var(--ink-2); }
        @media (max-width: 1180px) { .early { grid-template-columns: 60px 1fr; } .early b { padding: 0; font-size: 0; } }
        @media (max-width: 760px) { .early { display: block; } .early b { display: block; font-size: 16px; border: 0; } }
        .late { position: fixed; inset: 30% 24px auto; text-align: center; font: 16px/24px system-ui, sans-serif; opacity: 0; animation: late 0s 8s forwards; }
        @keyframes late { to { opacity: 1 } }
        html:lang(fr) .late:lang(en), html:not(:lang(fr)) .late[lang='fr'] { display: none; }
      </style>
      <div class="early" aria-hidden="true"><b>Alcove</b></div>
      <p class="late" lang="fr">Cette page ne s’est pas chargée. Le serveur s’est peut-être arrêté : <a href="">rechargez-la</a> dans un instant.</p>
      <p class="late" lang="en">This page did not load. The server may have stopped: <a href="">load it again</a> in a moment.</p>
    `
const late: Plugin = {
  name: 'alcove-late',
  transformIndexHtml: html => html.replace(/(<div id="root"[^>]*>)<\/div>/, `$1${LATE}</div>`),
}

export default defineConfig({
  root: resolve(root, 'apps'),
  plugins: [react(), refresh, late],
  server: {
    ...DEVELOPMENT,
    strictPort: true,
    // Addresses of fonts and pictures in styles: the page has another origin.
    origin: `http://${DEVELOPMENT.host}:${DEVELOPMENT.port}`,
    fs: { allow: [resolve(root, '..')] },
  },
  experimental: {
    // `{{.Domain}}` is filled by the server, as in any app's page (Cozy's template variables).
    renderBuiltUrl: (file, { hostType }) =>
      hostType === 'html' ? `//{{.Domain}}${SHARED_PATH}${file.slice(SHARED_FOLDER.length + 1)}` : { relative: true },
  },
  build: {
    outDir: resolve(root, 'dist'),
    emptyOutDir: true,
    target: 'es2022',
    assetsDir: SHARED_FOLDER,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: `${SHARED_FOLDER}/licenses.md` },
    manifest: 'manifest.json',
    rolldownOptions: {
      input: Object.fromEntries(apps.flatMap(app => pagesOf(app))),
      output: {
        codeSplitting: {
          groups: [
            // What only a lazy part of one app needs stays out of what every page loads.
            { name: 'parts', test: id => id.includes('node_modules') && !LAZY.test(id), priority: 2 },
            { name: 'frame', test: id => /web\/(ui|client)\/src/.test(id) && !LAZY.test(id), priority: 1 },
          ],
        },
      },
    },
  },
  test: {
    root,
    include: ['{client,ui,apps/*}/src/**/*.test.{ts,tsx}'],
    environment: 'happy-dom',
    // One page for all files: making one takes longer than the tests.
    isolate: false,
    restoreMocks: true,
  },
})
