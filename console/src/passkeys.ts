// Passkeys in the browser: what the server asks goes to the authenticator, its answer back as JSON.

/** Whether this browser can; over plain `http://` in a local network none can. */
export const canPasskeys = () =>
  isSecureContext && typeof globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON === "function";

type Json = Record<string, unknown>;

function answer(credential: Credential | null): Json {
  if (!(credential instanceof PublicKeyCredential)) throw new Error("The browser gave no passkey.");
  return credential.toJSON() as Json;
}

/** Makes a passkey. Throws when the person or the browser declines. */
export const make = async (options: Json) =>
  answer(
    await navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as never),
    }),
  );

/** Signs with one that is there. Throws when the person or the browser declines. */
export const sign = async (options: Json) =>
  answer(
    await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as never) }),
  );

/** Why it came to nothing, in words. */
export const declined = (error: Error) =>
  error.name === "NotAllowedError" || error.name === "AbortError"
    ? "It was declined, or took too long. Nothing was changed."
    : error.name === "InvalidStateError"
      ? "This device has a passkey for this account already."
      : error.message;
