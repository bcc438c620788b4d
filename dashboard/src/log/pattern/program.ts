/** A pattern as steps, of which any number may be taken at once (Thompson's construction). */

import { type Assertion, type Node, PatternError } from "./syntax";

/** `to` are other steps, the preferred one first. */
export type Step =
  | { readonly kind: "one"; readonly takes: (character: number) => boolean }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "go"; readonly to: number[] }
  | { readonly kind: "match" };

/** Its first step is 0; after a character or an assertion comes the next one. */
export type Program = readonly Step[];

const LONGEST = 500;

export function compiled(node: Node): Program {
  const steps: Step[] = [];
  add(steps, node);
  push(steps, { kind: "match" });
  return steps;
}

function add(steps: Step[], node: Node): void {
  if (node.kind === "one") push(steps, { kind: "one", takes: remembered(node.takes) });
  else if (node.kind === "assertion") push(steps, node);
  else if (node.kind === "all") for (const part of node.parts) add(steps, part);
  else if (node.kind === "any") addAny(steps, node.parts);
  else addRepeat(steps, node.part, node.least, node.most, node.lazy);
}

function addAny(steps: Step[], parts: readonly Node[]): void {
  const fork: number[] = [];
  const ends: number[][] = [];
  push(steps, { kind: "go", to: fork });
  for (const part of parts) {
    fork.push(steps.length);
    add(steps, part);
    const end: number[] = [];
    push(steps, { kind: "go", to: end });
    ends.push(end);
  }
  for (const end of ends) end.push(steps.length);
}

function addRepeat(steps: Step[], part: Node, least: number, most: number, lazy: boolean): void {
  for (let time = 0; time < least; time++) add(steps, part);
  if (most === Infinity) addLoop(steps, part, lazy);
  else addOptional(steps, part, most - least, lazy);
}

function addLoop(steps: Step[], part: Node, lazy: boolean): void {
  const start = steps.length;
  const fork: number[] = [];
  push(steps, { kind: "go", to: fork });
  add(steps, part);
  push(steps, { kind: "go", to: [start] });
  fork.push(...ordered(start + 1, steps.length, lazy));
}

function addOptional(steps: Step[], part: Node, times: number, lazy: boolean): void {
  const forks: { fork: number[]; inside: number }[] = [];
  for (let time = 0; time < times; time++) {
    const fork: number[] = [];
    push(steps, { kind: "go", to: fork });
    forks.push({ fork, inside: steps.length });
    add(steps, part);
  }
  for (const { fork, inside } of forks) fork.push(...ordered(inside, steps.length, lazy));
}

function ordered(inside: number, behind: number, lazy: boolean): number[] {
  return lazy ? [behind, inside] : [inside, behind];
}

function push(steps: Step[], step: Step): void {
  if (steps.length >= LONGEST) throw new PatternError("This pattern is too long: repeat less, or leave something out.");
  steps.push(step);
}

/** Asks once for each of the first 128 characters. */
function remembered(takes: RegExp): (character: number) => boolean {
  const known = new Int8Array(128);
  return (character) => {
    if (character >= 128) return takes.test(String.fromCodePoint(character));
    if (known[character] === 0) known[character] = takes.test(String.fromCharCode(character)) ? 1 : -1;
    return known[character] === 1;
  };
}
