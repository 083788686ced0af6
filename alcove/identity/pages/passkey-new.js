// Makes a passkey on this device: the passphrase first, hashed as at the login, then the browser asks the person.
import { canUse, make, post } from "./passkey.js";
import { canHash, clientForm } from "./passphrase.js";

const form = document.getElementById("passkey-form");
const field = document.getElementById("passphrase");
const error = document.getElementById("error");
const button = form.querySelector("button");
const label = button.textContent;
const says = form.dataset;

function fail(message, about = button) {
  error.textContent = message;
  field.toggleAttribute("aria-invalid", about === field);
  button.disabled = false;
  button.textContent = label;
  if (about === field) field.select();
  about.focus();
}

async function send() {
  const passphrase = await clientForm(field.value, says.salt, Number(says.iterations));
  const offered = await post("/auth/passkeys/offer", { passphrase });
  if (offered.status === 403) return fail(says.wrong, field);
  if (!offered.ok) return fail((await offered.json()).error, field);
  const { slip, publicKey } = await offered.json();
  button.textContent = says.making;
  let credential;
  try {
    credential = await make(publicKey);
  } catch (refusal) {
    return fail(refusal.name === "InvalidStateError" ? says.known : says.refused);
  }
  const answer = await post("/auth/passkeys", { slip, credential });
  if (!answer.ok) return fail(says.refused);
  location.href = says.back;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (!canUse()) return fail(says.unable);
  if (!canHash()) return fail(says.insecure);
  if (!field.value) return fail(says.empty, field);
  error.textContent = "";
  field.removeAttribute("aria-invalid");
  button.disabled = true;
  send().catch(() => fail(says.failed));
});
document.getElementById("show").addEventListener("change", (event) => {
  field.type = event.target.checked ? "text" : "password";
});
button.disabled = false;
if (!canUse()) fail(says.unable);
