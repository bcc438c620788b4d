/** A dialog with a form: closed by what it does, and open with the reason where that was refused. */
import type { ReactNode } from "react";
import { Dialog } from "../../ui/dialog";
import { EntryForm } from "../entry/entry-form";

interface Props {
  title: string;
  open: boolean;
  action: string;
  onClose: () => void;
  /** Does it with the fields by name; what it throws is shown. */
  onSubmit: (fields: Record<string, string>) => Promise<void>;
  children: ReactNode;
}

export function FormDialog({ title, open, action, onClose, onSubmit, children }: Props) {
  return (
    <Dialog title={title} open={open} onClose={onClose}>
      <EntryForm action={action} onSubmit={onSubmit}>
        {children}
      </EntryForm>
    </Dialog>
  );
}
