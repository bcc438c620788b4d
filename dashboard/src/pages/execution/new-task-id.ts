/** Ids that the page makes up for what it requests, so that a request that is repeated is one. */

/** Returns 128 random bits in hexadecimal; unlike `crypto.randomUUID` also on pages that came without TLS. */
export function newTaskId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
