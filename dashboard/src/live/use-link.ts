/** The link's state in components. */
import { useSyncExternalStore } from "react";
import { link } from "./link";
import type { LinkState } from "./link-state";

export function useLink(): LinkState {
  return useSyncExternalStore(link.subscribe, () => link.state);
}
