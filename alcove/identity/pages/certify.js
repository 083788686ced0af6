// Sends the six digits; then the page that asked for everything is opened again, and asks for consent.
const form = document.getElementById("certify-form");
const field = document.getElementById("code");
const error = document.getElementById("error");
const button = form.querySelector("button");

function fail(message) {
  error.textContent = message;
  field.setAttribute("aria-invalid", "true");
  button.disabled = false;
  field.select();
  field.focus();
}

async function send() {
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok) return fail((await answer.json()).error);
  location.reload();
}

form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (!/^\s*\d{3}\s?\d{3}\s*$/.test(field.value)) return fail(form.dataset.empty);
  error.textContent = "";
  field.removeAttribute("aria-invalid");
  button.disabled = true;
  send().catch(() => fail(form.dataset.failed));
});
