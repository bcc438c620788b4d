/** Reads a pattern in JavaScript's own syntax, as far as it can be matched in linear time. */

/** Tells people what is wrong with their pattern. */
export class PatternError extends Error {}

export type Assertion = "begin" | "end" | "boundary" | "inside";

/** `one`: a character that the expression takes, alone. A repetition without an end has `most` Infinity. */
export type Node =
  | { readonly kind: "one"; readonly takes: RegExp }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "all"; readonly parts: readonly Node[] }
  | { readonly kind: "any"; readonly parts: readonly Node[] }
  | {
      readonly kind: "repeat";
      readonly part: Node;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
    };

const ATOM = /\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\}|c[a-z]|p\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\]|[^)|]/isuy;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/y;
const GROUP = /\((?:\?(?::|<(?![=!])[^>]*>))?/y;
const ASSERTIONS: Record<string, Assertion> = { "^": "begin", $: "end", "\\b": "boundary", "\\B": "inside" };
const DEEPEST = 100;

/** Raises `PatternError` for what is no pattern, or needs more than linear time. */
export function parsed(source: string, ignoreCase: boolean): Node {
  return new Parser(source, flags(source, ignoreCase)).pattern();
}

/** With `u` where the pattern is one with it, without where it is only one that way; raises where it is none. */
function flags(source: string, ignoreCase: boolean): string {
  const insensitive = ignoreCase ? "i" : "";
  try {
    new RegExp(source, `${insensitive}u`);
    return `${insensitive}u`;
  } catch {
    try {
      new RegExp(source, insensitive);
      return insensitive;
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^.*: /s, "") : String(error);
      throw new PatternError(`This is no pattern: ${reason}. Turn off ".*" to look for it as text.`);
    }
  }
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly source: string,
    private readonly flags: string,
  ) {}

  pattern(): Node {
    const parts = [this.sequence()];
    while (this.source[this.at] === "|") {
      this.at += 1;
      parts.push(this.sequence());
    }
    return parts.length === 1 ? (parts[0] as Node) : { kind: "any", parts };
  }

  private sequence(): Node {
    const parts: Node[] = [];
    while (this.at < this.source.length && !"|)".includes(this.source[this.at] as string)) {
      parts.push(this.repeated(this.source[this.at] === "(" ? this.group() : this.atom()));
    }
    return { kind: "all", parts };
  }

  private repeated(part: Node): Node {
    const found = this.take(QUANTIFIER);
    if (!found) return part;
    const [, sign, least, comma, most, lazy] = found;
    const bounds = sign === "*" ? [0, Infinity] : sign === "+" ? [1, Infinity] : sign === "?" ? [0, 1] : null;
    const [low, high] = bounds ?? [Number(least), comma ? Number(most || Infinity) : Number(least)];
    return { kind: "repeat", part, least: low as number, most: high as number, lazy: lazy === "?" };
  }

  private group(): Node {
    if (this.take(GROUP)?.[0] === "(" && this.source[this.at] === "?") {
      throw new PatternError("Looking ahead or behind, and (?…) flags, are not supported in patterns here.");
    }
    this.depth += 1;
    if (this.depth > DEEPEST) throw new PatternError(`This pattern is nested more than ${DEEPEST} deep.`);
    const inner = this.pattern();
    this.depth -= 1;
    this.at += 1;
    return inner;
  }

  private atom(): Node {
    const text = this.take(ATOM)?.[0] ?? "";
    const assertion = ASSERTIONS[text];
    if (assertion) return { kind: "assertion", assertion };
    if (/^\\[1-9k]/.test(text))
      throw new PatternError("References to groups (\\1) are not supported in patterns here.");
    return { kind: "one", takes: new RegExp(`^(?:${text})$`, this.flags) };
  }

  private take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.source);
    if (found) this.at = expression.lastIndex;
    return found;
  }
}
