/** How output is shown, as kept in this browser; wrapped on narrow screens until one says otherwise. */
import type { LogOptions } from "../../log/log-view";
import { prefer, usePreferences } from "../../ui/preferences";
import { useMedia } from "../../ui/use-media";

export function useLogOptions(): { options: LogOptions; onOptions: (options: LogOptions) => void } {
  const { wrap, timestamps, textSize } = usePreferences();
  const isNarrow = useMedia("(width < 640px)");
  const shown = wrap === "auto" ? isNarrow : wrap;
  return { options: { wrap: shown, timestamps, textSize }, onOptions: (changed) => keep(changed, shown) };
}

/** What was not changed stays as the screen decides it. */
function keep({ wrap, ...others }: LogOptions, shown: boolean): void {
  prefer(wrap === shown ? others : { ...others, wrap });
}
