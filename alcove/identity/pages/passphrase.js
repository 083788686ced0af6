// What a passphrase is worth, and what is sent instead of it: for the pages of the server and for those of its apps.

/** Characters of a passphrase at least. */
export const LEAST = 8
/** What each strength, from 0 to 4, is called. */
export const VERDICTS = {
  en: ['Too short: at least 8 characters', 'Weak: quickly guessed', 'Fair: add a word or two', 'Good', 'Very good'],
  fr: ['Trop courte : au moins 8 caractères', 'Faible : vite devinée', 'Passable : ajoutez un mot ou deux', 'Bonne', 'Très bonne'],
}

const COMMON =
  /0123|1234|2345|3456|4567|5678|6789|azerty|qwerty|qwertz|password|motdepasse|passphrase|passe|welcome|bonjour|soleil|iloveyou|jetaime|admin|alcove|cozy/g
const KINDS = [/[a-zà-ÿ]/, /[A-ZÀ-Þ]/, /[0-9]/, /[^A-Za-zÀ-ÿ0-9]/]
const STEPS = [30, 44, 58]

const words = text => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(word => word.length > 2)

/**
 * How hard a passphrase is to guess, from 0 to 4, by what a guesser tries first: how many different signs, of how many
 * kinds, and how many words. Words that others know of the person (`known`: a name, a domain) count for nothing.
 * @param {string} text
 * @param {readonly string[]} known
 * @returns {number}
 */
export function strength(text, known = []) {
  if ([...text].length < LEAST) return 0
  const personal = new Set(known.flatMap(words))
  let left = text.toLowerCase()
  for (const word of personal) left = left.replaceAll(word, '')
  const runs = left.replace(/(.)\1+/gu, '$1').replace(COMMON, '')
  const kinds = KINDS.filter(kind => kind.test(text)).length
  const chosen = new Set(words(left.replace(COMMON, ''))).size
  const bits = Math.max(Math.min(runs.length, new Set(runs).size * 2) * (1.5 + kinds * 0.7), chosen > 2 ? chosen * 12 : 0)
  return STEPS.reduce((level, limit) => level + (bits >= limit ? 1 : 0), 1)
}

const bytes = text => new TextEncoder().encode(text)

async function pbkdf2(secret, salt, iterations) {
  const key = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 256)
  return new Uint8Array(bits)
}

/** Whether this browser can hash: only over https, or on the machine itself. */
export const canHash = () => Boolean(globalThis.crypto?.subtle)

/**
 * What the server wants instead of a passphrase: PBKDF2 of it, never the passphrase itself.
 * @param {string} passphrase
 * @param {string} salt
 * @param {number} iterations
 * @returns {Promise<string>}
 */
export async function clientForm(passphrase, salt, iterations) {
  const master = await pbkdf2(bytes(passphrase), bytes(salt), iterations)
  return btoa(String.fromCharCode(...(await pbkdf2(master, bytes(passphrase), 1))))
}
