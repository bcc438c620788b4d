/** The other tabs of this browser, which share the session: a new token, or that somebody logged out. */
import { isSession, type Session } from "./identity";

interface Heard {
  took: (session: Session) => void;
  left: () => void;
}

/** A channel between the tabs of this origin. Nothing of it is stored anywhere. */
export class Tabs {
  #channel: BroadcastChannel | undefined;

  constructor(name: string) {
    if (typeof BroadcastChannel !== "undefined") this.#channel = new BroadcastChannel(name);
  }

  /** Tells the others the session that holds now; `undefined`: none. */
  tell(session: Session | undefined): void {
    this.#channel?.postMessage({ session });
  }

  listen(heard: Heard): void {
    this.#channel?.addEventListener("message", ({ data }: MessageEvent<{ session?: unknown } | null>) => {
      if (isSession(data?.session)) heard.took(data.session);
      else if (data?.session === undefined) heard.left();
    });
  }
}
