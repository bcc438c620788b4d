/** Gives what was downloaded to the browser to keep. */

const KEPT_MS = 60_000;

/** Saves it as a file of that name. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
