/** The keys: what each may do, when it was used last, and its end. */
import { useState } from "react";
import { answer, api } from "../../../api/client";
import type { components } from "../../../api/schema";
import { Button } from "../../../ui/button";
import { Ask } from "../../../ui/dialog";
import { Table } from "../../../ui/table";
import { At, useNow } from "../../../ui/time";
import { useAction } from "../../acting/use-action";
import { useReason } from "../../acting/use-reason";

type Key = components["schemas"]["KeyAnswer"];

const COLUMNS = ["Name", "May", "Made", "Last used", "Good until", "Actions"];

export function KeyTable({ keys }: { keys: readonly Key[] }) {
  const [asked, ask] = useState<Key>();
  return (
    <>
      <Table label="Keys" columns={COLUMNS}>
        {keys.map((key) => (
          <KeyRow key={key.id} of={key} onRevoke={() => ask(key)} />
        ))}
      </Table>
      {asked && <Revoke of={asked} onClose={() => ask(undefined)} />}
    </>
  );
}

function KeyRow({ of, onRevoke }: { of: Key; onRevoke: () => void }) {
  const now = useNow();
  const reason = useReason("admin");
  const over = of.expiresAt !== undefined && Date.parse(of.expiresAt) <= now;
  return (
    <tr data-key={of.id}>
      <td>
        <bdi>{of.name}</bdi>
      </td>
      <td>{of.kind === "worker-key" ? "report as a worker" : <Scope of={of} />}</td>
      <td>
        <At time={of.createdAt} />
      </td>
      <td>{of.lastUsedAt ? <At time={of.lastUsedAt} /> : "never"}</td>
      <td>
        {over && "over since "}
        {of.expiresAt ? <At time={of.expiresAt} /> : "revoked"}
      </td>
      <td>
        <Button kind="danger" reason={reason} aria-label={`Revoke ${of.name}`} onClick={onRevoke}>
          Revoke
        </Button>
      </td>
    </tr>
  );
}

function Scope({ of }: { of: Key }) {
  const { role, pools = [], images = [] } = of;
  return (
    <>
      {role}
      {pools.length > 0 && <div className="field-hint">pools: {pools.join(", ")}</div>}
      {images.length > 0 && <div className="field-hint">images: {images.join(", ")}</div>}
    </>
  );
}

function Revoke({ of, onClose }: { of: Key; onClose: () => void }) {
  const path = { params: { path: { keyId: of.id } } };
  const revoke = useAction(() => answer(api.DELETE("/api/keys/{keyId}", path)), {
    done: () => `${of.name} is revoked.`,
    failed: () => `${of.name} could not be revoked.`,
    changes: ["keys"],
  });
  const act = () => revoke.mutate(undefined, { onSettled: onClose });
  return (
    <Ask title={`Revoke ${of.name}?`} open onClose={onClose} action="Revoke" busy={revoke.isPending} onDo={act}>
      <p>
        Whatever uses it is refused from now on, and its connections are closed.{" "}
        {of.lastUsedAt ? (
          <>
            It was used last: <At time={of.lastUsedAt} />.
          </>
        ) : (
          "It was never used."
        )}
      </p>
    </Ask>
  );
}
