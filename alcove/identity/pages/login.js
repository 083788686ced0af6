// Sends the login form, with the passphrase hashed; after too many tries it counts down until the next one.
import { canHash, clientForm } from "./passphrase.js";

const form = document.getElementById("login-form");
const field = document.getElementById("passphrase");
const error = document.getElementById("error");
const button = form.querySelector("button");
const label = button.textContent;

function ready() {
  button.disabled = false;
  button.textContent = label;
}

function fail(message) {
  error.textContent = message;
  field.setAttribute("aria-invalid", "true");
  ready();
  field.select();
  field.focus();
}

function well() {
  error.textContent = "";
  field.removeAttribute("aria-invalid");
}

// The sentence says how long once, so that a screen reader does not say every second; the button shows what is left.
function pause(message, seconds) {
  fail(message);
  const end = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left <= 0) {
      well();
      return ready();
    }
    button.disabled = true;
    button.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    setTimeout(tick, 250);
  };
  tick();
}

async function send() {
  const body = new URLSearchParams(new FormData(form));
  body.set("trusted-device-token", localStorage.getItem("trusted-device-token") ?? "");
  body.set("passphrase", await clientForm(field.value, form.dataset.salt, Number(form.dataset.iterations)));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  const said = await answer.json();
  if (answer.status === 429) return pause(said.error, Number(answer.headers.get("Retry-After")) || 1);
  if (!answer.ok) return fail(said.error);
  location.href = said.redirect;
}

// Until this line nothing could be sent: the browser itself would send the passphrase as it was typed.
ready();
form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (!canHash()) return fail(form.dataset.insecure);
  if (!field.value) return fail(form.dataset.empty);
  well();
  button.disabled = true;
  button.textContent = form.dataset.opening;
  send().catch(() => fail(form.dataset.failed));
});

document.getElementById("show").addEventListener("change", (event) => {
  field.type = event.target.checked ? "text" : "password";
});
// A page that comes back from the history is as it was left: in the middle of opening.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) ready();
});
