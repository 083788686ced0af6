// The button of the login page that opens the place with a passkey.
import { canUse, post, prove } from "./passkey.js";

const button = document.getElementById("passkey");
const error = document.getElementById("error");
const form = document.getElementById("login-form");

async function open() {
  const { slip, publicKey } = await (await post("/auth/passkeys/challenge", {})).json();
  let credential;
  try {
    credential = await prove(publicKey);
  } catch {
    return fail(button.dataset.refused);
  }
  const answer = await post("/auth/passkeys/login", {
    slip,
    credential,
    redirect: form.elements.redirect.value,
    long_run: form.elements["long-run-session"].checked,
  });
  if (!answer.ok) return fail(button.dataset.refused);
  location.href = (await answer.json()).redirect;
}

function fail(message) {
  error.textContent = message;
  button.disabled = false;
  button.focus();
}

if (canUse()) {
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    error.textContent = "";
    button.disabled = true;
    open().catch(() => fail(button.dataset.failed));
  });
}
window.addEventListener("pageshow", (event) => {
  if (event.persisted) button.disabled = false;
});
