/** Adds somebody with an account that is made for them, and a first password to hand over. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client";
import { Button } from "../../ui/button";
import { Choice } from "../../ui/choice";
import { Field } from "../../ui/field";
import { toasts } from "../../ui/toasts";
import { FormDialog } from "../acting/form-dialog";
import { useReason } from "../acting/use-reason";
import { NewPasswordField } from "../entry/password-field";
import { ROLES } from "./roles";
import { peopleKeys, type Role } from "./use-people";

export function AddPerson() {
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  const add = async ({ name = "", email = "", password = "", role }: Record<string, string>) => {
    await answer(api.POST("/api/users", { body: { name, email, password, role: role as Role } }));
    toasts.done(`${name} is added.`);
    close();
    await client.invalidateQueries({ queryKey: peopleKeys.all });
  };
  return (
    <>
      <Button reason={useReason("admin")} onClick={() => setOpen(true)}>
        Add with a password
      </Button>
      <FormDialog title="Add somebody" open={open} action="Add" onClose={close} onSubmit={add}>
        <Field label="Name" name="name" autoComplete="off" required maxLength={200} />
        <Field label="E-mail" name="email" type="email" autoComplete="off" required />
        <NewPasswordField label="First password" />
        <Choice label="Role" name="role" options={ROLES} defaultValue="developer" />
      </FormDialog>
    </>
  );
}
