// Asks the browser for a passkey: shows the forms that need one, and fills them in. Everything else works without it.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const described = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function created(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: described(options.excludeCredentials),
  };
  const made = await navigator.credentials.create({ publicKey });
  return { made, response: { attestationObject: text(made.response.attestationObject) } };
}

async function given(options) {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: described(options.allowCredentials),
  };
  const made = await navigator.credentials.get({ publicKey });
  const { authenticatorData, signature, userHandle } = made.response;
  const response = { authenticatorData: text(authenticatorData), signature: text(signature) };
  if (userHandle) response.userHandle = text(userHandle);
  return { made, response };
}

async function asked(form) {
  const body = new URLSearchParams({ token: form.elements.token.value });
  const answer = await fetch(form.dataset.ask, { method: "POST", body });
  // Led elsewhere: to sign in, or to confirm first that it is still the same person.
  if (answer.redirected) {
    location.assign(answer.url);
    return null;
  }
  if (answer.status === 429) throw new Error("Too many tries. Wait a while, and try again.");
  if (!answer.ok) throw new Error("This did not work. Reload the page, and try again.");
  return answer.json();
}

async function fill(form) {
  const challenge = await asked(form);
  if (!challenge) return;
  const make = form.dataset.passkey === "create" ? created : given;
  const { made, response } = await make(challenge.options);
  form.elements.challenge.value = challenge.id;
  form.elements.answer.value = JSON.stringify({
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: { ...response, clientDataJSON: text(made.response.clientDataJSON) },
    clientExtensionResults: {},
  });
  form.submit();
}

const words = {
  NotAllowedError: "No passkey was given: it was cancelled, or there is none for this site here.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "This browser does not use passkeys at this address.",
};

function tell(form, message) {
  const place = form.querySelector("[role=alert]");
  place.textContent = message;
  place.hidden = !message;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential || form.dataset.origin !== location.origin) continue;
  form.hidden = false;
  for (const instead of document.querySelectorAll("[data-instead]")) instead.hidden = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    tell(form, "");
    try {
      await fill(form);
    } catch (error) {
      tell(form, words[error.name] || error.message);
    } finally {
      button.disabled = false;
    }
  });
}
