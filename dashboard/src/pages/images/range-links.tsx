/** The periods to choose from, as links: the URL has it. */
import { Link } from "@tanstack/react-router";
import { RANGES, type Range } from "./range";

export function RangeLinks({ range }: { range: Range }) {
  return (
    <nav className="image-ranges" aria-label="Period">
      {(Object.keys(RANGES) as Range[]).map((each) => (
        <Link key={each} to="." search={{ range: each }} replace aria-current={each === range ? "true" : undefined}>
          {RANGES[each]} d
        </Link>
      ))}
    </nav>
  );
}
