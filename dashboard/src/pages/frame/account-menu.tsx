/** Who one is, the theme, the settings, and the way out. */
import { useNavigate } from "@tanstack/react-router";
import { ApiError } from "../../api/problem";
import { session } from "../../api/session";
import { useSession } from "../../live/use-session";
import { MenuItem, MenuItems, Popover } from "../../ui/menu";
import { type Preferences, prefer, usePreferences } from "../../ui/preferences";
import { toasts } from "../../ui/toasts";
import { SETTINGS } from "./navigation";

const THEMES: [Preferences["theme"], string][] = [
  ["system", "Theme of the system"],
  ["light", "Light theme"],
  ["dark", "Dark theme"],
];

export function AccountMenu({ onHelp }: { onHelp: () => void }) {
  const { user } = useSession();
  const { theme } = usePreferences();
  const navigate = useNavigate();
  const name = user.name ?? user.email ?? user.id;
  return (
    <Popover button={<bdi>{name}</bdi>} label={`Account of ${name}`}>
      <p className="field-hint">
        {user.email ?? user.id} · {user.role}
      </p>
      <MenuItems>
        {THEMES.map(([value, words]) => (
          <MenuItem key={value} onClick={() => prefer({ theme: value })}>
            {theme === value ? `${words} ✓` : words}
          </MenuItem>
        ))}
        <MenuItem keys={SETTINGS.keys} onClick={() => void navigate({ to: SETTINGS.to })}>
          {SETTINGS.label}
        </MenuItem>
        <MenuItem keys="?" onClick={onHelp}>
          Keys
        </MenuItem>
        <MenuItem onClick={() => void logOut()}>Log out</MenuItem>
      </MenuItems>
    </Popover>
  );
}

/** Logs out; where the api could not be told, the session goes on, and that is said. */
async function logOut(): Promise<void> {
  try {
    await session.logOut();
  } catch (error) {
    const small = error instanceof ApiError ? error.message : String(error);
    toasts.failed("You are still logged in: the server could not be told.", { small, again: () => void logOut() });
  }
}
