// The first start: a name, a language, and a passphrase whose strength is shown while it is typed.
import { canHash, clientForm, strength, VERDICTS } from "./passphrase.js";

const all = JSON.parse(document.getElementById("texts").textContent);
const form = document.getElementById("first-form");
const [name, language, field, show] = ["name", "language", "passphrase", "show"].map((id) => document.getElementById(id));
const [error, meter, verdict] = ["error", "strength", "strength-text"].map((id) => document.getElementById(id));
const button = form.querySelector("button");
const words = () => all[language.value];
const worth = () => strength(field.value, [name.value, form.dataset.salt]);

function judge() {
  const level = field.value ? worth() : 0;
  meter.dataset.level = field.value ? level : "";
  verdict.textContent = field.value ? VERDICTS[language.value][level] : "";
}

function translate() {
  document.documentElement.lang = language.value;
  document.title = words().title;
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = words()[part.dataset.text];
  error.textContent = "";
  judge();
}

function fail(message) {
  error.textContent = message;
  button.disabled = false;
  button.textContent = words().open;
}

async function send() {
  const iterations = Number(form.dataset.iterations);
  const said = {
    register_token: form.dataset.token,
    public_name: name.value,
    locale: language.value,
    passphrase: await clientForm(field.value, form.dataset.salt, iterations),
    iterations,
  };
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  const answer = await fetch(form.action, { method: "POST", body: JSON.stringify(said), headers });
  if (answer.status === 400) return fail(words().used);
  if (!answer.ok) return fail(words().failed);
  location.replace((await answer.json()).redirect);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!canHash()) return fail(words().insecure);
  if (worth() === 0) {
    judge();
    return field.focus();
  }
  error.textContent = "";
  button.disabled = true;
  button.textContent = words().opening;
  send().catch(() => fail(words().failed));
});
// Until this line nothing could be sent: the browser itself would send the passphrase as it was typed.
button.disabled = false;
for (const one of [field, name]) one.addEventListener("input", judge);
language.addEventListener("change", translate);
show.addEventListener("change", () => {
  field.type = show.checked ? "text" : "password";
});
