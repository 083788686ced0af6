// Passkeys as the server and the browser say them: JSON with base64 for addresses there, bytes here.

/** Whether this browser has passkeys, here: only over https, and on the machine itself. */
export const canUse = () => Boolean(window.PublicKeyCredential && navigator.credentials);

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
const descriptors = (list) => list.map((one) => ({ ...one, id: bytes(one.id) }));

function said(credential, response) {
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
}

/** Asks the person for one of their passkeys; rejects where they do not want to, or have none. */
export async function prove(publicKey) {
  const asked = { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: descriptors(publicKey.allowCredentials) };
  const credential = await navigator.credentials.get({ publicKey: asked });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return said(credential, {
    clientDataJSON: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

/** Asks the person's device to make a passkey; rejects where it cannot, or has one already. */
export async function make(publicKey) {
  const asked = {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    user: { ...publicKey.user, id: bytes(publicKey.user.id) },
    excludeCredentials: descriptors(publicKey.excludeCredentials),
  };
  const credential = await navigator.credentials.create({ publicKey: asked });
  const { clientDataJSON, attestationObject } = credential.response;
  return said(credential, {
    clientDataJSON: text(clientDataJSON),
    attestationObject: text(attestationObject),
    transports: credential.response.getTransports?.() ?? [],
  });
}

/** Posts JSON to a page of this server. */
export const post = (path, body) =>
  fetch(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  });
