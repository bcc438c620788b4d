/** What the installation is like, which anybody may ask: asked once, as it is the same for everybody. */
import { answer, api } from "./client";
import { retryDelay } from "./retry";
import type { components } from "./schema";

type Configuration = components["schemas"]["Configuration"];

let known: Promise<Configuration> | undefined;

/** Returns it. Throws `ApiError`; it is then asked for anew the next time. */
export function installation(): Promise<Configuration> {
  known ??= answer(api.GET("/api/config")).catch((error) => {
    known = undefined;
    throw error;
  });
  return known;
}

/** Returns where the gateways are, if not on this origin; asks until there is an answer. */
export async function gatewayUrl(failures = 0): Promise<string | undefined> {
  try {
    return (await installation()).gatewayUrl;
  } catch (error) {
    await new Promise((resolve) => setTimeout(resolve, retryDelay(failures, error)));
    return gatewayUrl(failures + 1);
  }
}
