/** Rows that stand where data is about to be; they show only after 200 ms, so that what is quick does not flash. */
import "./skeleton.css";

export function Skeleton({ rows = 8, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={row} className="skeleton-row" />
      ))}
    </div>
  );
}
