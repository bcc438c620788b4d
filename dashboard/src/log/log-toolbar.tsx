import { useId, useRef, useState } from "react";
import type { FindQuery } from "./find";
import { type LogOptions, useReader } from "./log-view";
import type { Reader } from "./reader";
import type { TimeMode } from "./times";

type Props = {
  reader: Reader;
  options: LogOptions;
  onOptions: (options: LogOptions) => void;
  onDownload: () => void;
  panel: boolean;
  onPanel: (open: boolean) => void;
  onFullScreen: () => void;
};

/** Find, and how the output is shown. */
export function LogToolbar({ reader, options, onOptions, onDownload, panel, onPanel, onFullScreen }: Props) {
  return (
    <div className="log-toolbar" role="toolbar" aria-label="Output">
      <FindField reader={reader} />
      <span className="log-tools">
        <button
          type="button"
          aria-pressed={options.wrap}
          onClick={() => onOptions({ ...options, wrap: !options.wrap })}
        >
          Wrap
        </button>
        <TimesMenu options={options} onOptions={onOptions} />
        <button type="button" aria-label="Smaller text" onClick={() => onOptions(sized(options, -1))}>
          A−
        </button>
        <button type="button" aria-label="Larger text" onClick={() => onOptions(sized(options, 1))}>
          A+
        </button>
        <button type="button" aria-pressed={panel} onClick={() => onPanel(!panel)}>
          Landmarks
        </button>
        <button type="button" aria-label="Download the output" title="Download" onClick={onDownload}>
          ⤓
        </button>
        <button type="button" aria-label="Full screen" title="Full screen (z)" onClick={onFullScreen}>
          ⛶
        </button>
      </span>
    </div>
  );
}

function TimesMenu({ options, onOptions }: Pick<Props, "options" | "onOptions">) {
  return (
    <select
      aria-label="Timestamps"
      value={options.timestamps}
      onChange={(event) => onOptions({ ...options, timestamps: event.target.value as TimeMode })}
    >
      <option value="off">No times</option>
      <option value="clock">Time of day</option>
      <option value="start">Since the start</option>
      <option value="line">Since the line before</option>
    </select>
  );
}

function FindField({ reader }: { reader: Reader }) {
  useReader(reader);
  const field = useRef<HTMLInputElement>(null);
  const [query, setQuery] = useState<FindQuery>({ text: "" });
  const { finder } = reader;
  const status = useId();
  const search = (changed: FindQuery): void => {
    setQuery(changed);
    finder.search(changed);
  };
  const pressed = (event: React.KeyboardEvent): void => {
    if (event.key === "Enter") finder.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") leave();
    else return;
    event.preventDefault();
  };
  const leave = (): void => {
    search({ ...query, text: "" });
    reader.surface.scroller.focus();
  };
  return (
    <search className="log-find">
      <input
        ref={field}
        type="search"
        aria-label="Find in the output"
        aria-describedby={status}
        placeholder="Find (/)"
        value={query.text}
        onChange={(event) => search({ ...query, text: event.target.value })}
        onKeyDown={pressed}
      />
      <output id={status} className="log-found">
        {foundText(reader)}
      </output>
      <button type="button" aria-label="Match before" disabled={finder.total === 0} onClick={() => finder.step(-1)}>
        ↑
      </button>
      <button type="button" aria-label="Next match" disabled={finder.total === 0} onClick={() => finder.step(1)}>
        ↓
      </button>
      <button
        type="button"
        aria-label="Match case"
        aria-pressed={query.matchCase ?? false}
        onClick={() => search({ ...query, matchCase: !query.matchCase })}
      >
        Aa
      </button>
      <button
        type="button"
        aria-label="Regular expression"
        aria-pressed={query.pattern ?? false}
        onClick={() => search({ ...query, pattern: !query.pattern })}
      >
        .*
      </button>
    </search>
  );
}

function foundText({ finder }: Reader): string {
  if (finder.query.text === "") return "";
  if (finder.error) return finder.error;
  const total = finder.total.toLocaleString("en");
  const rest = finder.unsearched > 0 ? ", not all loaded" : "";
  if (finder.total === 0) return finder.done ? `none${rest}` : "…";
  return `${finder.place.toLocaleString("en")} of ${total}${finder.done ? rest : "…"}`;
}

function sized(options: LogOptions, by: number): LogOptions {
  return { ...options, textSize: Math.max(9, Math.min(24, options.textSize + by)) };
}
