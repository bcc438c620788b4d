/** The header: whose data this is, where one may go, how the link is, and who one is. */
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useSession } from "../../live/use-session";
import { KeyHelp } from "../../ui/key-help";
import { useKeys } from "../../ui/keys";
import { AccountMenu } from "./account-menu";
import { LinkBadge } from "./link-badge";
import { NAVIGATION, SETTINGS } from "./navigation";

export function Header() {
  const { organization } = useSession();
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  useKeys("Anywhere", [
    { keys: "?", label: "Show these keys", run: () => setHelp(true) },
    ...[...NAVIGATION, SETTINGS].map(({ to, label, keys }) => ({ keys, label, run: () => void navigate({ to }) })),
  ]);
  return (
    <header className="header">
      <p className="header-name" title={organization.name ?? organization.id}>
        Runcast ▸ <bdi>{organization.name ?? organization.id}</bdi>
      </p>
      <nav className="header-places" aria-label="Places">
        {NAVIGATION.map(({ to, label, keys }) => (
          <Link key={to} to={to} title={keys} activeProps={{ "aria-current": "page" }}>
            {label}
          </Link>
        ))}
      </nav>
      <LinkBadge />
      <AccountMenu onHelp={() => setHelp(true)} />
      <KeyHelp open={help} onClose={() => setHelp(false)} />
    </header>
  );
}
