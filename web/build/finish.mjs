// After the build: each app's manifest and icon beside its page, compressed twins of all that is text, and the budgets.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { FIRST_LOAD, FURTHER_APP, SHARED_FOLDER } from './layout.mjs'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
const apps = readdirSync(join(root, 'apps'))

for (const app of apps) {
  const from = join(root, 'apps', app)
  for (const name of ['manifest.webapp', 'icon.svg']) cpSync(join(from, name), join(dist, app, name))
  if (existsSync(join(from, 'static'))) cpSync(join(from, 'static'), join(dist, app), { recursive: true })
}

// The pages that the server draws by itself (the login) know no hashed names: they find the font under this one.
const fonts = readdirSync(join(dist, SHARED_FOLDER)).filter(name => /^inter-latin-wght-normal.*\.woff2$/.test(name))
for (const name of fonts) cpSync(join(dist, SHARED_FOLDER, name), join(dist, SHARED_FOLDER, 'inter.woff2'))

// What shows PDF: a worker must come from the app's own host, and so do the fonts and decoders that it loads.
const pdf = join(root, 'node_modules', 'pdfjs-dist')
cpSync(join(pdf, 'legacy/build/pdf.worker.min.mjs'), join(dist, 'files/pdf/pdf.worker.min.mjs'))
// Scripts inside of documents are never run, so what would run them stays away.
const wanted = path => !/quickjs|_nowasm_/i.test(path)
for (const part of ['cmaps', 'standard_fonts', 'wasm', 'iccs']) {
  cpSync(join(pdf, part), join(dist, 'files/pdf', part), { recursive: true, filter: wanted })
}

/** JavaScript files that a page needs before it shows anything, by the build's own record. */
function scripts(manifest, key, found = new Map()) {
  const entry = manifest[key]
  if (!entry || found.has(entry.file)) return found
  if (entry.file.endsWith('.js')) found.set(entry.file, gzipSync(readFileSync(join(dist, entry.file)), { level: 9 }).length)
  for (const next of entry.imports ?? []) scripts(manifest, next, found)
  return found
}

const record = join(dist, 'manifest.json')
const manifest = JSON.parse(readFileSync(record, 'utf8'))
const loads = new Map(apps.map(app => [app, scripts(manifest, `${app}/index.html`)]))
const common = [...(loads.values().next().value?.keys() ?? [])].filter(file => [...loads.values()].every(l => l.has(file)))
const sum = (load, keep) => [...load].filter(([file]) => keep(file)).reduce((total, [, bytes]) => total + bytes, 0)
const kilo = bytes => `${(bytes / 1000).toFixed(1)} kB`
let broken = false
for (const [app, load] of loads) {
  const first = sum(load, () => true)
  const own = sum(load, file => !common.includes(file))
  console.log(`${app}: first load ${kilo(first)}, of which its own ${kilo(own)} (gzipped JavaScript)`)
  if (first > FIRST_LOAD || own > FURTHER_APP) {
    console.error(`${app} is over its budget: ${kilo(FIRST_LOAD)} for a first load, ${kilo(FURTHER_APP)} of its own`)
    broken = true
  }
}

/** Everything by the build's own record that a page shows itself with: scripts, styles, and the font of its languages. */
function shell(key, found = new Set(), seen = new Set()) {
  const entry = manifest[key]
  if (!entry || seen.has(key)) return found
  seen.add(key)
  for (const file of [entry.file, ...(entry.css ?? []), ...(entry.assets ?? []).filter(name => /latin-wght/.test(name))]) found.add(file)
  for (const next of entry.imports ?? []) shell(next, found, seen)
  return found
}

// An app's worker is told what to hold ready; its text, and so the browser's copy, changes with every build.
for (const app of apps) {
  const worker = join(root, 'apps', app, 'worker.js')
  if (!existsSync(worker)) continue
  const names = [...shell(`${app}/index.html`)].filter(name => name.startsWith(`${SHARED_FOLDER}/`)).map(name => name.slice(SHARED_FOLDER.length + 1)).sort()
  const build = createHash('sha256').update(names.join()).digest('hex').slice(0, 12)
  const text = readFileSync(worker, 'utf8').replace("'THE BUILD'", `'${build}'`).replace("['THE SHELL']", JSON.stringify(names))
  writeFileSync(join(dist, app, 'worker.js'), text)
}
rmSync(record)

const TEXT = /\.(m?js|wasm|css|html|svg|webapp|json|md)$/
function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* files(path)
    else yield path
  }
}
for (const path of [...files(dist)]) {
  // The page and its manifest are filled in for each request: a twin of them would be stale.
  if (!TEXT.test(path) || path.endsWith('.html') || path.endsWith('.webapp') || statSync(path).size < 400) continue
  const bytes = readFileSync(path)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }))
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
}
if (!existsSync(join(dist, apps[0], 'index.html')) || fonts.length !== 1) broken = true
if (broken) process.exit(1)
