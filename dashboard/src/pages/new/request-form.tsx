/** The form of a request. Sent again unchanged it is the same execution, so a lost answer starts no second one. */
import { type FormEvent, useState } from "react";
import { Button } from "../../ui/button";
import { useReason } from "../acting/use-reason";
import { type Draft, faultsOf } from "./draft";
import { type Faults, placed } from "./faults";
import { MainFields } from "./main-fields";
import { MoreFields } from "./more-fields";
import { Refusal } from "./refusal";
import { Shown } from "./shown-request";
import { useRequest } from "./use-request";
import { VariableFields } from "./variable-fields";
import "./request-form.css";

/** What every part of the form is given. */
export interface FieldsProps {
  draft: Draft;
  faults: Faults;
  onChange: (changes: Partial<Draft>) => void;
}

export function RequestForm({ begun }: { begun: Draft }) {
  const [draft, setDraft] = useState(begun);
  const [own, setOwn] = useState<Faults>({});
  const request = useRequest();
  const reason = useReason("developer");
  const { byField, others } = placed(request.faults);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const faults = Object.fromEntries(faultsOf(draft).map(({ field, problem }) => [field, problem]));
    setOwn(faults);
    if (Object.keys(faults).length === 0) request.send(draft);
  };
  const fields: FieldsProps = {
    draft,
    faults: { ...byField, ...own },
    onChange: (changes) => setDraft((before) => ({ ...before, ...changes })),
  };
  return (
    <form className="request" noValidate onSubmit={submit}>
      <MainFields {...fields} />
      <VariableFields {...fields} />
      <MoreFields {...fields} />
      <Shown draft={draft} />
      {request.error && <Refusal error={request.error} others={others} isPlaced={Object.keys(byField).length > 0} />}
      <footer className="dialog-foot">
        <Button kind="primary" type="submit" busy={request.busy} reason={reason}>
          Run
        </Button>
      </footer>
    </form>
  );
}
