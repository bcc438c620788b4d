/** `/settings/…`: the organization's, its keys, and one's own account. */
import { Link, Outlet } from "@tanstack/react-router";
import "./settings.css";

const PLACES = [
  { to: "/settings/organization", label: "Organization" },
  { to: "/settings/keys", label: "Keys" },
  { to: "/settings/account", label: "Account" },
] as const;

export default function Settings() {
  return (
    <div className="settings">
      <nav aria-label="Settings">
        {PLACES.map(({ to, label }) => (
          <Link key={to} to={to} activeProps={{ "aria-current": "page" }}>
            {label}
          </Link>
        ))}
      </nav>
      <Outlet />
    </div>
  );
}
