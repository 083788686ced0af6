// Two PouchDBs, one server: what is written anywhere is everywhere in the end, conflicts and deletions too.
// node pouch.cjs ADDRESS TOKEN

const assert = require("node:assert/strict")
const PouchDB = require("pouchdb-core")
  .plugin(require("pouchdb-adapter-memory"))
  .plugin(require("pouchdb-adapter-http"))
  .plugin(require("pouchdb-replication"))

const [address, token] = process.argv.slice(2)
const MANY = 250

function remote(doctype) {
  const fetch = (url, options = {}) => {
    options.headers = new Headers(options.headers)
    options.headers.set("Authorization", `Bearer ${token}`)
    return PouchDB.fetch(url, options)
  }
  return new PouchDB(`${address}/data/${doctype}`, { fetch, skip_setup: true })
}

const local = name => new PouchDB(name, { adapter: "memory" })

async function exchange(here, there) {
  await here.replicate.to(there, { batch_size: 100 })
  await here.replicate.from(there, { batch_size: 100 })
}

async function tree(database, id) {
  const found = await database.get(id, { conflicts: true })
  return { rev: found._rev, name: found.name, conflicts: (found._conflicts || []).sort() }
}

async function everything(database) {
  const { rows } = await database.allDocs({ include_docs: true })
  return rows.map(row => row.doc)
}

async function main() {
  const server = remote("io.cozy.contacts")
  const phone = local("phone")
  const laptop = local("laptop")

  await phone.bulkDocs([...Array(MANY).keys()].map(n => ({ _id: `c/${n} é`, name: `n${n}` })))
  await exchange(phone, server)
  await exchange(laptop, server)
  assert.deepEqual(await everything(laptop), await everything(phone))

  // The same document is changed on both, deleted on one, and twice as often on the other.
  const [first, second, third] = ["c/1 é", "c/2 é", "c/3 é"]
  for (const [database, name] of [[phone, "phone"], [laptop, "laptop"]]) {
    await database.put({ ...(await database.get(first)), name })
  }
  await phone.remove(await phone.get(second))
  await laptop.put({ ...(await laptop.get(second)), name: "kept" })
  await phone.remove(await phone.get(third))
  for (const round of [1, 2]) await laptop.put({ ...(await laptop.get("c/4 é")), name: `round ${round}` })
  await phone.put({ ...(await phone.get("c/4 é")), name: "phone" })
  for (const database of [phone, laptop, phone]) await exchange(database, server)

  for (const id of [first, second, "c/4 é"]) {
    const seen = await tree(phone, id)
    assert.deepEqual(await tree(laptop, id), seen, id)
    assert.equal((await server.get(id))._rev, seen.rev, id)
  }
  assert.equal((await tree(phone, first)).conflicts.length, 1)
  assert.deepEqual(await tree(phone, second), { ...(await tree(phone, second)), name: "kept", conflicts: [] })
  assert.equal((await tree(phone, "c/4 é")).name, "round 2")
  for (const database of [phone, laptop, server]) {
    await assert.rejects(database.get(third), { status: 404, reason: "deleted" })
  }

  // Who resolves the conflict resolves it for all.
  const { conflicts } = await tree(laptop, first)
  await laptop.remove(first, conflicts[0])
  for (const database of [laptop, phone]) await exchange(database, server)
  assert.deepEqual((await tree(phone, first)).conflicts, [])
  assert.deepEqual(await everything(laptop), await everything(phone))

  // Nothing is sent twice: the checkpoints hold.
  const again = await phone.replicate.to(server)
  assert.equal(again.docs_read, 0)
  await server.put({ ...(await server.get(first)), name: "server" })
  assert.equal((await laptop.replicate.from(server, { doc_ids: [first] })).docs_written, 1)
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
