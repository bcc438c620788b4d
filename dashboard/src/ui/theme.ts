/** The theme: the system's, or the one that was chosen, as an attribute that `tokens.css` reads. */
import { onPreferences, preferences } from "./preferences";

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
