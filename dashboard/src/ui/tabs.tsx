/** Tabs: one is chosen, and the arrow keys, Home and End go through them. */
import type { KeyboardEvent, ReactNode } from "react";
import "./tabs.css";

export interface Tab {
  id: string;
  label: ReactNode;
  /** What it is called, where `label` alone does not say it. */
  name?: string;
  title?: string | undefined;
}

interface Props {
  label: string;
  tabs: readonly Tab[];
  chosen: string;
  /** The id of what they change; a tab has `tab-` and its own id. */
  panel: string;
  className?: string;
  onChoose: (id: string) => void;
}

export function Tabs({ label, tabs, chosen, panel, className = "", onChoose }: Props) {
  return (
    <div className={`tabs ${className}`} role="tablist" aria-label={label} onKeyDown={step}>
      {tabs.map((tab) => (
        <button
          key={tab.id}
          id={`tab-${tab.id}`}
          type="button"
          role="tab"
          aria-selected={tab.id === chosen}
          aria-controls={panel}
          aria-label={tab.name}
          title={tab.title}
          tabIndex={tab.id === chosen ? 0 : -1}
          onClick={() => onChoose(tab.id)}
        >
          {tab.label}
        </button>
      ))}
    </div>
  );
}

function step(event: KeyboardEvent<HTMLElement>): void {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="tab"]')];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[to % all.length]?.focus();
  all[to % all.length]?.click();
}
