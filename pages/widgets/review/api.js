// The review operations over REST. A desk key goes in a header, so neither cookie nor address carries a secret.
const TIMEOUT_MS = 20_000;

// Returns the outcome of an operation: `stored` with its data; `refused` or `ended` (not signed in any more) with a
// message for the user; or `failed` if the same request should be retried.
async function post(config, operation, body, keepalive = false) {
  try {
    const response = await fetch(config.api + operation, {
      method: "POST",
      credentials: "omit",
      keepalive,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        "Authorization": `Bearer ${config.deskKey}`,
        "Content-Type": "application/json",
        "Accept-Language": config.language,
      },
      body: JSON.stringify(body),
    });
    const envelope = await response.json();
    const code = Number(envelope.code);
    if (envelope.result === "true") return { kind: "stored", data: envelope.data };
    if (code === 401 || code === 403) return { kind: "ended", message: envelope.message };
    if (code >= 500 || code === 429 || code === 408) return { kind: "failed", message: envelope.message };
    return { kind: "refused", code, message: envelope.message };
  } catch {
    return { kind: "failed", message: "" };
  }
}
