import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Chunks } from "./chunks";
import type { Elsewhere } from "./finder";
import { LogFoot, type LogState } from "./log-foot";
import { LogPanel } from "./log-panel";
import { LogToolbar } from "./log-toolbar";
import type { Theme } from "./palette";
import { PlainView } from "./plain-view";
import { Reader } from "./reader";
import type { Range } from "./surface";
import type { TimeMode } from "./times";
import { type Binding, useBindings } from "./use-bindings";
import "./palette.css";
import "./log.css";
import "./log-view.css";

/** How output is shown, as kept per browser. */
export type LogOptions = { wrap: boolean; timestamps: TimeMode; textSize: number };

export type LogViewProps = {
  /** The output of one attempt; another one is another view (give it a `key`). */
  chunks: Chunks;
  /** What screen readers call the output. */
  name: string;
  theme: Theme;
  options: LogOptions;
  onOptions: (options: LogOptions) => void;
  /** The lines that the address marks. */
  range: Range | null;
  onRange: (range: Range | null) => void;
  /** Whether the attempt ended badly: then its first failure is shown first. */
  failed: boolean;
  /** When the attempt began, in milliseconds since 1970. */
  start: number | null;
  /** What is known of the output: "● live", "✓ Complete …". */
  state: LogState;
  onDownload: () => void;
  /** Searches what is not loaded; without it a search says that not all is loaded. */
  elsewhere?: Elsewhere;
  /** Binds single keys while the view is there; returns what ends that. */
  bind: (bindings: readonly Binding[]) => () => void;
};

/** The output of one attempt with its toolbar, landmarks and foot. */
export function LogView(props: LogViewProps) {
  const root = useRef<HTMLElement>(null);
  const [reader, setReader] = useState<Reader | null>(null);
  const [refused, setRefused] = useState<"large" | "missing" | null>(null);
  const [plain, setPlain] = useState<{ first: number; text: string } | null>(null);
  const [panel, setPanel] = useState(false);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { chunks, name } = props;
  const host = useCallback(
    (element: HTMLDivElement | null) => {
      if (!element) return;
      const told = {
        marked: (range: Range | null) => latest.current.onRange(range),
        refused: setRefused,
        elsewhere: latest.current.elsewhere,
      };
      const { range, failed } = latest.current;
      const made = new Reader(chunks, told, name, { range, failed });
      made.mount(element);
      setReader(made);
      return () => made.close();
    },
    [chunks, name],
  );
  useOptions(reader, props);
  useBindings(reader, root, props, { plain: () => reader && setPlain(reader.plain()) });
  return (
    <section className="log" ref={root} aria-label={name}>
      {reader && (
        <LogToolbar
          reader={reader}
          options={props.options}
          onOptions={props.onOptions}
          onDownload={props.onDownload}
          panel={panel}
          onPanel={setPanel}
          onFullScreen={() => toggleFullScreen(root.current)}
        />
      )}
      <div className="log-body">
        <div className="log-host" ref={host} />
        {reader && panel && <LogPanel reader={reader} />}
      </div>
      {refused && (
        <p className="log-refused" role="alert">
          {refused === "large" ? "That is more than 10 MB." : "Not all of that is loaded."} Download the output instead.
          <button type="button" onClick={props.onDownload}>
            Download
          </button>
          <button type="button" onClick={() => setRefused(null)}>
            Dismiss
          </button>
        </p>
      )}
      {reader && <LogFoot reader={reader} state={props.state} />}
      {plain && <PlainView {...plain} onClose={() => setPlain(null)} />}
    </section>
  );
}

/** Follows a reader's changes. */
export function useReader(reader: Reader): number {
  return useSyncExternalStore(reader.subscribe, () => reader.version);
}

/** Switches between the whole screen and the page. */
export function toggleFullScreen(element: HTMLElement | null): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void element?.requestFullscreen?.();
}

function useOptions(reader: Reader | null, { options, theme, range, start }: LogViewProps): void {
  const { wrap, timestamps, textSize } = options;
  useEffect(
    () => reader?.surface.show({ wrap, timestamps, textSize, start }),
    [reader, wrap, timestamps, textSize, start],
  );
  useEffect(() => {
    if (reader) reader.surface.theme = theme;
  }, [reader, theme]);
  const from = range?.from ?? null;
  const to = range?.to ?? null;
  useEffect(() => {
    const marked = reader?.surface.marked ?? null;
    if (!reader || ((marked?.from ?? null) === from && (marked?.to ?? null) === to)) return;
    reader.link(from && to ? { from, to } : null);
  }, [reader, from, to]);
}
