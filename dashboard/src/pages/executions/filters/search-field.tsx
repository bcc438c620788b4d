/** The search by image and id; `/` leads to it. It is in the URL once nothing was typed for a moment. */
import { useEffect, useRef, useState } from "react";
import { useKeys } from "../../../ui/keys";
import type { FilterProps } from "./filter-bar";

const PAUSE_MS = 300;
const LONGEST = 256;

export function SearchField({ filters, onChange }: FilterProps) {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [typed, setTyped] = useState<string>();
  useEffect(() => () => clearTimeout(timer.current), []);
  useKeys("Search", [{ keys: "/", label: "Search the list", run: () => field.current?.focus() }]);
  const commit = (text: string) => {
    clearTimeout(timer.current);
    onChange({ q: text.trim() || undefined });
  };
  const type = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => commit(text), PAUSE_MS);
  };
  const leave = () => {
    if (typed !== undefined) commit(typed);
    setTyped(undefined);
  };
  return (
    <input
      ref={field}
      type="search"
      className="filters-search"
      aria-label="Search by image or id"
      placeholder="/ image or id"
      maxLength={LONGEST}
      value={typed ?? filters.q ?? ""}
      onChange={(event) => type(event.target.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      onBlur={leave}
    />
  );
}
