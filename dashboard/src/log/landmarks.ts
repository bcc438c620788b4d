/** Lines worth stepping to: headings that tools write, and where something failed. */

import { stripSgr } from "./sgr";

export type LandmarkKind = "heading" | "failure";

export interface Landmark {
  /** Counted from 0 within the text. */
  readonly line: number;
  readonly kind: LandmarkKind;
  readonly title: string;
}

/** The landmarks of a chunk's text, in order. */
export declare function landmarksOf(text: string): Landmark[];
export { stripSgr };
