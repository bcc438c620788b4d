import { useReader } from "./log-view";
import type { Reader } from "./reader";
import { stripSgr } from "./sgr";

const SHOWN = 500;

/** Matches while something is searched for, landmarks otherwise: each leads to its line. */
export function LogPanel({ reader }: { reader: Reader }) {
  useReader(reader);
  return reader.finder.query.text === "" ? <Landmarks reader={reader} /> : <Matches reader={reader} />;
}

function Landmarks({ reader }: { reader: Reader }) {
  const all = reader.landmarks.all;
  return (
    <nav className="log-panel" aria-label="Landmarks">
      <h3>Landmarks</h3>
      {all.length === 0 && <p>No headings or failures were found.</p>}
      <ol>
        {all.slice(0, SHOWN).map((each) => (
          <li key={`${each.chunk}:${each.line}`}>
            <button type="button" className={`log-landmark-${each.kind}`} onClick={() => reader.goTo(each)}>
              <span>{reader.lineOf(each) + 1}</span> {each.kind === "failure" && "✗ "}
              {each.title}
            </button>
          </li>
        ))}
      </ol>
      {all.length > SHOWN && (
        <p>And {(all.length - SHOWN).toLocaleString("en")} more: step through failures by e and E.</p>
      )}
    </nav>
  );
}

function Matches({ reader }: { reader: Reader }) {
  const found = reader.finder.list(SHOWN);
  return (
    <nav className="log-panel" aria-label="Matches">
      <h3>Matches</h3>
      <ol>
        {found.map(({ match, line }) => (
          <li key={`${match.chunk}:${match.line}:${match.start}`}>
            <button type="button" onClick={() => reader.finder.goTo(match)}>
              <span>{line + 1}</span> {around(reader, line, match.start)}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function around(reader: Reader, line: number, start: number): string {
  const text = stripSgr(reader.surface.lines.text(line) ?? "");
  const from = Math.max(0, start - 20);
  return `${from > 0 ? "…" : ""}${text.slice(from, from + 120)}`;
}
