/** A button. One that cannot be used now stays reachable and says why. */
import type { ButtonHTMLAttributes } from "react";
import "./button.css";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "primary" | "plain" | "danger" | "quiet";
  /** Why it cannot be used now; shown as its title, and it does nothing. */
  reason?: string | undefined;
  busy?: boolean;
}

export function Button({
  kind = "plain",
  reason,
  busy = false,
  className = "",
  onClick,
  type = "button",
  ...rest
}: Props) {
  const off = reason !== undefined || busy;
  return (
    <button
      {...rest}
      type={off && type === "submit" ? "button" : type}
      className={`button ${className}`}
      data-kind={kind}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      title={reason ?? rest.title}
      onClick={off ? undefined : onClick}
    />
  );
}
