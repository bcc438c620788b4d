/** Changes one's own password; why a new one was refused is said in the api's words. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../../api/client";
import { session } from "../../../api/session";
import { Field } from "../../../ui/field";
import { toasts } from "../../../ui/toasts";
import { EntryForm } from "../../entry/entry-form";
import { NewPasswordField } from "../../entry/password-field";

export function PasswordForm() {
  const client = useQueryClient();
  const [changed, setChanged] = useState(0);
  const change = async ({ oldPassword = "", password = "" }: Record<string, string>) => {
    session.enter(await answer(api.PUT("/api/auth/password", { body: { oldPassword, newPassword: password } })));
    toasts.done("Your password is changed; you are logged out everywhere else.");
    setChanged(changed + 1);
    await client.invalidateQueries({ queryKey: ["sessions"] });
  };
  return (
    <section aria-labelledby="password">
      <h2 id="password">Password</h2>
      <EntryForm key={changed} action="Change password" onSubmit={change}>
        <Field label="Password until now" name="oldPassword" type="password" autoComplete="current-password" required />
        <NewPasswordField label="New password" />
        <p className="field-hint">Every other session of yours ends with it.</p>
      </EntryForm>
    </section>
  );
}
