/** The demo account of `runcast up`: its banner's address carries the log-in behind `#demo=`, which no server sees. */

/** What the button logs in with. */
export interface Demo {
  email: string;
  password: string;
}

let demo: Demo | undefined;

/** Takes the log-in out of the address bar and the history, as soon as the page begins. */
export function takeDemo(): void {
  const { hash, pathname, search } = location;
  if (!hash.startsWith("#demo=")) return;
  demo = parsedDemo(hash.slice("#demo=".length));
  history.replaceState(history.state, "", pathname + search);
}

/** Returns the demo's log-in, if this page was opened with one. */
export function givenDemo(): Demo | undefined {
  return demo;
}

/** Reads base64url of JSON; anything else is no demo. */
export function parsedDemo(text: string): Demo | undefined {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
    const found: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const { email, password } = found as Partial<Demo>;
    return typeof email === "string" && typeof password === "string" ? { email, password } : undefined;
  } catch {
    return undefined;
  }
}
