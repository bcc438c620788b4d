/** The title of the tab. */
import { useEffect } from "react";

/** Shows `text` before the product's name while a component is shown. */
export function useTitle(text: string): void {
  useEffect(() => {
    document.title = `${text} · Runcast`;
  }, [text]);
}
