/** Long work in slices, so that the page goes on; a Worker cannot be made under the page's policy of Trusted Types. */
import { type Later, soon } from "../../log/later";

const SLICE_MS = 8;

/** Runs a generator to its end, a slice at a time. Rejects when it is aborted. */
export function inSlices<Found>(
  work: Generator<void, Found>,
  signal: AbortSignal,
  later: Later = soon,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const slice = () => {
      if (signal.aborted) return reject(signal.reason);
      try {
        const until = performance.now() + SLICE_MS;
        for (let step = work.next(); ; step = work.next()) {
          if (step.done) return resolve(step.value);
          if (performance.now() >= until) break;
        }
      } catch (error) {
        return reject(error);
      }
      later(slice);
    };
    later(slice);
  });
}
