// A forgotten passphrase is chosen anew, with its strength shown while it is typed.
import { canHash, clientForm, strength, VERDICTS } from "./passphrase.js";

const words = JSON.parse(document.getElementById("texts").textContent);
const language = document.documentElement.lang.startsWith("fr") ? "fr" : "en";
const form = document.getElementById("renew-form");
const [field, show, error, meter, verdict] = ["passphrase", "show", "error", "strength", "strength-text"].map((id) =>
  document.getElementById(id),
);
const button = form.querySelector("button");
const worth = () => strength(field.value, [form.dataset.salt]);

function judge() {
  const level = field.value ? worth() : 0;
  meter.dataset.level = field.value ? level : "";
  verdict.textContent = field.value ? VERDICTS[language][level] : "";
}

function fail(message) {
  error.textContent = message;
  button.disabled = false;
  button.textContent = words.set;
}

async function send() {
  const iterations = Number(form.dataset.iterations);
  const body = new URLSearchParams(new FormData(form));
  body.set("passphrase", await clientForm(field.value, form.dataset.salt, iterations));
  body.set("iterations", iterations);
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  const said = await answer.json();
  if (!answer.ok) return fail(said.error ?? words.failed);
  location.replace(said.redirect);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!canHash()) return fail(words.insecure);
  if (worth() === 0) {
    judge();
    return field.focus();
  }
  error.textContent = "";
  button.disabled = true;
  button.textContent = words.setting;
  send().catch(() => fail(words.failed));
});
field.addEventListener("input", judge);
show.addEventListener("change", () => {
  field.type = show.checked ? "text" : "password";
});
