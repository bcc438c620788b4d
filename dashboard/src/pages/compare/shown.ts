/** A line as a comparison shows it: without colours, and what deceives by its code. */
import { CODED, code } from "../../log/characters";
import { stripSgr } from "../../log/sgr";

const CODES = new RegExp(CODED, "gu");

export function shown(line: string): string {
  return stripSgr(line).replace(/\r$/, "").replace(CODES, code);
}
