/** The card of every way in: log-in, sign-up, invitations, resets. */
import type { ReactNode } from "react";
import { useTitle } from "../../ui/title";
import "./entry-card.css";

export function EntryCard({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title);
  return (
    <main className="entry">
      <p className="entry-name">Runcast</p>
      <div className="entry-card">
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
