/** The list of keys that do something here, opened by `?`, where they can be turned off, too. */
import { Dialog } from "./dialog";
import { keys } from "./keys";
import { prefer, usePreferences } from "./preferences";
import "./key-help.css";

export function KeyHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { shortcuts } = usePreferences();
  return (
    <Dialog title="Keys" open={open} onClose={onClose}>
      {keys.bound.map((scope) => (
        <section key={scope.name} className="key-help">
          <h3>{scope.name}</h3>
          <dl>
            {scope.bindings.map((binding) => (
              <div key={binding.keys}>
                <dt>
                  <kbd>{binding.keys}</kbd>
                </dt>
                <dd>{binding.label}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <label>
        <input type="checkbox" checked={shortcuts} onChange={(event) => prefer({ shortcuts: event.target.checked })} />{" "}
        Single keys do this
      </label>
    </Dialog>
  );
}
