// Sends the code; a browser that shall be trusted keeps what it is told for its next logins.
const form = document.getElementById("code-form");
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
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  const said = await answer.json();
  if (!answer.ok) return fail(said.error);
  if (said.two_factor_trusted_device_token) {
    localStorage.setItem("trusted-device-token", said.two_factor_trusted_device_token);
  }
  location.replace(said.redirect);
}

form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.disabled) return;
  if (!field.value.trim()) return fail(form.dataset.empty);
  error.textContent = "";
  field.removeAttribute("aria-invalid");
  button.disabled = true;
  send().catch(() => fail(form.dataset.failed));
});
