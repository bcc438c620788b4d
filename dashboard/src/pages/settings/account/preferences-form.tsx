/** What one prefers in this browser: it holds at once, in all its tabs. */
import { Choice } from "../../../ui/choice";
import { type Preferences, prefer, usePreferences } from "../../../ui/preferences";

const THEMES = [
  ["system", "of the system"],
  ["light", "light"],
  ["dark", "dark"],
] as const;
const SIZES = [9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24];

export function PreferencesForm() {
  const { theme, shortcuts, textSize } = usePreferences();
  return (
    <section aria-labelledby="preferences">
      <h2 id="preferences">In this browser</h2>
      <div className="entry-form">
        <Choice
          label="Theme"
          options={THEMES}
          value={theme}
          onChange={(event) => prefer({ theme: event.currentTarget.value as Preferences["theme"] })}
        />
        <Choice
          label="Size of output"
          options={SIZES.map((size) => [String(size), `${size} px`] as const)}
          value={SIZES.includes(textSize) ? String(textSize) : "13"}
          onChange={(event) => prefer({ textSize: Number(event.currentTarget.value) })}
        />
        <label>
          <input
            type="checkbox"
            checked={shortcuts}
            onChange={(event) => prefer({ shortcuts: event.target.checked })}
          />{" "}
          Single keys do something (? lists them)
        </label>
      </div>
    </section>
  );
}
