/** The toasts, read out as they come. */
import { useSyncExternalStore } from "react";
import { Button } from "./button";
import { type Toast, toasts } from "./toasts";
import "./toast-list.css";

export function ToastList() {
  const all = useSyncExternalStore(toasts.subscribe, () => toasts.all);
  return (
    <div className="toasts" role="status">
      {all.map((toast) => (
        <OneToast key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function OneToast({ toast }: { toast: Toast }) {
  const dismiss = () => toasts.dismiss(toast.id);
  const again = () => {
    dismiss();
    toast.again?.();
  };
  return (
    <div className="toast" data-tone={toast.kind === "failed" ? "red" : "green"}>
      <p>
        <span aria-hidden="true">{toast.kind === "failed" ? "✗ " : "✓ "}</span>
        {toast.text}
        {toast.small && <small>{toast.small}</small>}
      </p>
      {toast.again && <Button onClick={again}>Try again</Button>}
      <Button kind="quiet" aria-label="Dismiss" onClick={dismiss}>
        ×
      </Button>
    </div>
  );
}
