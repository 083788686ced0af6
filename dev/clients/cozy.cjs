// cozy-client as an app uses it: queries that make their indexes, pages, mutations, relations, realtime.
// node cozy.cjs ADDRESS TOKEN

const assert = require("node:assert/strict")
const { default: CozyClient, Q } = require("cozy-client")
const { RealtimePlugin } = require("cozy-realtime")

const [uri, token] = process.argv.slice(2)
const TODOS = "io.cozy.todos"
const FILES = "io.cozy.files"
const schema = {
  todos: { doctype: TODOS, relationships: { files: { type: "io.cozy.files:has-many", doctype: FILES } } },
}
const names = answer => answer.data.map(document => document.name)

async function queries(client) {
  const collection = client.collection(TODOS)
  for (const [n, name] of ["b", "A", "é", "a", "c"].entries()) {
    await client.save({ _type: TODOS, name, rank: n, done: n % 2 === 0, tags: [{ id: n }] })
  }
  const sorted = Q(TODOS).where({ name: { $gt: null } }).sortBy([{ name: "asc" }]).indexFields(["name"])
  assert.deepEqual(names(await client.query(sorted)), ["a", "A", "b", "c", "é"])
  const partial = Q(TODOS).where({ rank: { $gte: 1 } }).partialIndex({ done: false }).indexFields(["rank"]).sortBy([{ rank: "desc" }])
  assert.deepEqual(names(await client.query(partial)), ["a", "A"])
  const page = sorted.limitBy(2)
  const first = await client.query(page)
  assert.ok(first.next)
  const second = await client.query(page.offsetBookmark(first.bookmark))
  assert.deepEqual([...names(first), ...names(second)], ["a", "A", "b", "c"])
  assert.equal((await client.queryAll(page)).length, 5)
  assert.equal((await client.query(Q(TODOS).getByIds(first.data.map(one => one._id)))).data.length, 2)
  assert.equal((await client.query(Q(TODOS).getById(first.data[0]._id))).data.name, "a")
  assert.equal((await client.query(Q(TODOS).select(["name"]).where({ name: "b" }).indexFields(["name"]))).data[0].rank, undefined)
  assert.deepEqual((await client.query(Q("io.cozy.never.written"))).data, [])
  assert.equal((await collection.fetchAllMangoIndexes()).length >= 2, true)
  await assert.rejects(client.query(Q("io.cozy.sessions")), /reserved doctype|403|Forbidden/i)
}

async function mutations(client) {
  const { data: made } = await client.save({ _type: TODOS, name: "mutable" })
  const { data: changed } = await client.save({ ...made, name: "changed" })
  assert.equal(changed._rev.split("-")[0], "2")
  await assert.rejects(client.save({ ...made, name: "stale" }), { status: 409 })
  const many = await client.collection(TODOS).updateAll([{ name: "x" }, { name: "y" }])
  assert.equal(many.every(line => line.ok), true)
  await client.destroy(changed)
  await assert.rejects(client.stackClient.fetchJSON("GET", `/data/${TODOS}/${made._id}`), { status: 404 })
  const album = (await client.save({ _type: "io.cozy.photos.albums", name: "Summer" })).data
  const files = client.collection(FILES)
  const folder = (await files.createDirectory({ name: "Album", dirId: "io.cozy.files.root-dir" })).data
  const file = (await files.createFile(Buffer.from("picture"), { name: "a.txt", dirId: folder._id, contentType: "text/plain" })).data
  await files.addReferencedBy(file, [{ _id: album._id, _type: "io.cozy.photos.albums" }])
  const found = await files.findReferencedBy({ _id: album._id, _type: "io.cozy.photos.albums" })
  assert.deepEqual(found.data.map(one => one._id), [file._id])
}

async function realtime(client) {
  const { realtime } = client.plugins
  const heard = []
  let ready = false
  let tell = () => {}
  const until = condition => new Promise(resolve => {
    tell = () => condition() && resolve()
    tell()
  })
  for (const event of ["created", "updated", "deleted"]) {
    await realtime.subscribe(event, TODOS, document => {
      heard.push([event, document.name])
      tell()
    })
  }
  await realtime.subscribe("notified", TODOS, () => {
    ready = true
    tell()
  })
  // Nothing says that a subscription was heard: once a notice comes, those before it were.
  while (!ready) {
    await realtime.sendNotification(TODOS, "ready", {})
    await Promise.race([until(() => ready), new Promise(resolve => setTimeout(resolve, 20))])
  }
  const { data: made } = await client.save({ _type: TODOS, name: "one" })
  const { data: changed } = await client.save({ ...made, name: "two" })
  await client.destroy(changed)
  await until(() => heard.length >= 3)
  assert.deepEqual(heard, [["created", "one"], ["updated", "two"], ["deleted", "two"]])
  realtime.unsubscribeAll()
  realtime.stop()
}

async function main() {
  const client = new CozyClient({ uri, token, schema, warningForCustomHandlers: false })
  await client.registerPlugin(RealtimePlugin)
  await queries(client)
  await mutations(client)
  await realtime(client)
}

main().then(
  () => process.exit(0),
  error => {
    console.error(error)
    process.exit(1)
  }
)
