/** The theme: the system's, or the one that was chosen, as an attribute that `tokens.css` reads. */
import { onPreferences, preferences, usePreferences } from "./preferences";
import { useMedia } from "./use-media";

/** Keeps the document level with the preference. */
export function keepTheme(root: HTMLElement = document.documentElement): void {
  const apply = () => {
    const { theme } = preferences();
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
  };
  apply();
  onPreferences(apply);
}

/** Returns which of the two is shown. */
export function useTheme(): "light" | "dark" {
  const { theme } = usePreferences();
  const isDark = useMedia("(prefers-color-scheme: dark)");
  return theme === "system" ? (isDark ? "dark" : "light") : theme;
}
