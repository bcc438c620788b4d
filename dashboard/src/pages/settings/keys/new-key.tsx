/** Makes a key, and shows its secret this once, with lines to paste. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { Button } from "../../../ui/button";
import { Copied } from "../../../ui/copied";
import { Dialog } from "../../../ui/dialog";
import { useReason } from "../../acting/use-reason";
import { KeyForm } from "./key-form";
import { environment, example } from "./lines";
import { bodyOf } from "./request";

type Made = components["schemas"]["NewKeyAnswer"];

export function NewKey() {
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<Made>();
  const make = async (fields: Record<string, string>) => {
    setMade(await answer(api.POST("/api/keys", { body: bodyOf(fields) })));
    await client.invalidateQueries({ queryKey: ["keys"] });
  };
  const close = () => {
    setOpen(false);
    setMade(undefined);
  };
  return (
    <>
      <Button kind="primary" reason={useReason("admin")} onClick={() => setOpen(true)}>
        New key
      </Button>
      <Dialog title={made ? `The key ${made.name}` : "New key"} open={open} onClose={close}>
        {made ? <Shown of={made} /> : <KeyForm onSubmit={make} />}
      </Dialog>
    </>
  );
}

function Shown({ of }: { of: Made }) {
  return (
    <div className="entry-form">
      <p>This is shown once: keep it where secrets are kept, such as the secrets of your CI.</p>
      <Copied label="Key" text={of.secret} action="Copy key" autoFocus />
      <Copied label="Environment" text={environment(location.origin, of.secret)} action="Copy environment" />
      <Copied label="Try it" text={example(of)} action="Copy command" />
    </div>
  );
}
