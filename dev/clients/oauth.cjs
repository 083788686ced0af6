// cozy-client as a phone or a sync program uses it: registers, is let in by the person, refreshes, is revoked.
// node oauth.cjs ADDRESS TOKEN PASSPHRASE (the token may do everything: it certifies nobody, it only looks and revokes)

const assert = require("node:assert/strict")
const crypto = require("node:crypto")
const { default: CozyClient } = require("cozy-client")

const [uri, token, passphrase] = process.argv.slice(2)
const SCOPE = ["io.cozy.contacts", "io.cozy.files:GET"]
const DEVICE = {
  redirectURI: "http://localhost:3333/callback",
  softwareID: "github.com/example/phone",
  clientName: "Phone",
  clientKind: "mobile",
}
const inside = (text, pattern) => text.match(pattern)[1].replaceAll("&amp;", "&").replaceAll("&#39;", "'")

function hashed(page) {
  const rounds = Number(inside(page, /data-iterations="(\d+)"/))
  const master = crypto.pbkdf2Sync(passphrase, inside(page, /data-salt="([^"]+)"/), rounds, 32, "sha256")
  return crypto.pbkdf2Sync(master, passphrase, 1, 32, "sha256").toString("base64")
}

// A browser of the person: what the two pages of the server ask for.
class Browser {
  cookies = new Map()

  async ask(address, options = {}) {
    const headers = { Accept: "text/html", ...options.headers, Cookie: [...this.cookies].map(pair => pair.join("=")).join("; ") }
    const answer = await fetch(new URL(address, uri), { ...options, headers, redirect: "manual" })
    for (const line of answer.headers.getSetCookie()) {
      const [name, ...value] = line.split(";")[0].split("=")
      this.cookies.set(name, value.join("="))
    }
    return answer
  }

  async login() {
    const page = await (await this.ask("/auth/login")).text()
    const form = { passphrase: hashed(page), csrf_token: inside(page, /name="csrf_token" value="([^"]+)"/) }
    const answer = await this.ask("/auth/login", { method: "POST", body: new URLSearchParams(form) })
    assert.equal(answer.status, 303)
  }

  async certify(address) {
    const page = await (await this.ask(address)).text()
    const form = { code: inside(page, /"digits">(\d{6})</), token: inside(page, /name="token" value="([^"]+)"/) }
    const answer = await this.ask(inside(page, /action="([^"]+)"/), { method: "POST", body: new URLSearchParams(form) })
    assert.equal(answer.status, 204)
  }

  async letIn(address) {
    const page = await (await this.ask(address)).text()
    const fields = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)]
    const form = Object.fromEntries(fields.map(([, name, value]) => [name, value.replaceAll("&amp;", "&")]))
    const answer = await this.ask("/auth/authorize", { method: "POST", body: new URLSearchParams(form) })
    assert.equal(answer.status, 302)
    return answer.headers.get("location")
  }
}

async function main() {
  const client = new CozyClient({ uri, oauth: DEVICE, scope: SCOPE, warningForCustomHandlers: false })
  const stack = client.getStackClient()
  await stack.register()
  assert.ok(stack.isRegistered())
  assert.equal((await stack.fetchInformation()).client_name, "Phone")

  const browser = new Browser()
  await browser.login()
  const state = stack.generateStateCode()
  const verifier = crypto.randomBytes(32).toString("base64url")
  const codeChallenge = crypto.createHash("sha256").update(verifier).digest("base64url")
  const back = await browser.letIn(stack.getAuthCodeURL({ stateCode: state, codeChallenge }))
  const code = stack.getAccessCodeFromURL(back, state)
  const first = await stack.fetchAccessToken(code, undefined, undefined, verifier)
  assert.equal(first.scope, SCOPE.join(" "))
  stack.setToken(first)

  await client.save({ _type: "io.cozy.contacts", fullname: "by phone" })
  await assert.rejects(client.save({ _type: "io.cozy.bills", amount: 1 }), { status: 403 })
  const second = await stack.refreshToken()
  assert.equal(second.refreshToken, first.refreshToken)
  // A token that is not good any more is refreshed on the way.
  stack.setToken({ ...second, token_type: "bearer", access_token: `${second.accessToken}x`, refresh_token: second.refreshToken })
  assert.ok((await client.save({ _type: "io.cozy.contacts", fullname: "again" })).data._id)

  const owner = new CozyClient({ uri, token, warningForCustomHandlers: false }).getStackClient()
  const devices = await owner.fetchJSON("GET", "/settings/clients")
  const mine = devices.data.find(one => one.id === stack.oauthOptions.clientID)
  assert.equal(mine.attributes.client_secret, undefined)
  await owner.fetchJSON("DELETE", `/settings/clients/${mine.id}`)
  await assert.rejects(client.save({ _type: "io.cozy.contacts", fullname: "never" }))
  assert.equal(await stack.checkForRevocation(), true)

  const another = new CozyClient({ uri, oauth: DEVICE, scope: SCOPE, warningForCustomHandlers: false }).getStackClient()
  await another.register()
  const before = another.oauthOptions
  assert.equal((await another.updateInformation({ softwareVersion: "2" })).software_version, "2")
  another.setOAuthOptions(before) // it takes the answer's names for its own
  await another.unregister()
  assert.equal(another.isRegistered(), false)
}

// The app that stands for the whole place: it logs in with the passphrase, and is certified in a browser that it opens.
async function flagship() {
  const oauth = { ...DEVICE, redirectURI: "cozy://", clientName: "Pocket", shouldRequireFlagshipPermissions: true }
  const stack = new CozyClient({ uri, oauth, scope: ["*"], warningForCustomHandlers: false }).getStackClient()
  await stack.register()
  const passwordHash = hashed(await (await fetch(new URL("/auth/login", uri))).text())
  await assert.rejects(stack.loginFlagship({ passwordHash: "wrong" }), { status: 401 })
  const { session_code: sessionCode } = await stack.loginFlagship({ passwordHash })
  const [state, verifier] = [stack.generateStateCode(), crypto.randomBytes(32).toString("base64url")]
  const codeChallenge = crypto.createHash("sha256").update(verifier).digest("base64url")
  const browser = new Browser()
  const entered = await browser.ask(stack.getAuthCodeURL({ stateCode: state, sessionCode, codeChallenge }))
  assert.equal(entered.status, 303)
  await browser.certify(entered.headers.get("location"))
  const back = await browser.letIn(entered.headers.get("location"))
  assert.ok(back.startsWith("cozy://"))
  stack.setToken(await stack.fetchAccessToken(stack.getAccessCodeFromURL(back, state), undefined, undefined, verifier))
  assert.equal((await stack.fetchJSON("GET", "/data/io.cozy.contacts/_normal_docs")).rows.length >= 1, true)
  const opened = await new Browser().ask(`/auth/authorize?session_code=${(await stack.fetchSessionCode()).session_code}`)
  assert.equal(opened.status, 303)
  assert.equal((await stack.loginFlagship({ passwordHash })).scope, "*")
  assert.equal((await stack.fetchKonnectorToken("invoices")).split(".").length, 3)
}

main().then(flagship).then(
  () => process.exit(0),
  error => {
    console.error(error)
    process.exit(1)
  }
)
