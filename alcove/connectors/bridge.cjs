// Loaded before the program of an app: whatever it opens leads to its own place by the one socket there is. Its network
// is empty, so that this is no guard but a way: without it the program would not find the place either.
'use strict'
const net = require('node:net')

const place = process.env.ALCOVE_SOCKET
const home = new URL(process.env.COZY_URL).hostname
delete process.env.ALCOVE_SOCKET

const connect = net.Socket.prototype.connect

net.Socket.prototype.connect = function (...said) {
  // Node itself calls with a list of what it made of its arguments.
  const known = Array.isArray(said[0]) ? said[0] : said
  const options = typeof known[0] === 'object' && known[0] !== null ? known[0] : { host: known[1] }
  const heard = known.find(one => typeof one === 'function')
  const host = String(options.host ?? 'localhost')
  if (host === home) return connect.call(this, { path: place }, heard)
  const error = new Error(`connect ECONNREFUSED ${host}: what an app does in the background reaches its own place alone`)
  process.nextTick(() => this.destroy(Object.assign(error, { code: 'ECONNREFUSED' })))
  return this
}
