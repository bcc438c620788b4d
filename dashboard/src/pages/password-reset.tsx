/** `/password-reset#rcp_…`: sets a new password, after which every session of its user is over. */
import { Link, useRouterState } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api } from "../api/client";
import { ProblemCard } from "../ui/problem-card";
import { EntryCard } from "./entry/entry-card";
import { EntryForm } from "./entry/entry-form";
import { NewPasswordField } from "./entry/password-field";

export default function PasswordReset() {
  const token = useRouterState({ select: (state) => state.location.hash });
  const [done, setDone] = useState(false);
  const reset = async ({ password = "" }: Record<string, string>) => {
    await answer(api.POST("/api/auth/password-reset", { body: { token, password } }));
    setDone(true);
  };
  return (
    <EntryCard title="Set a new password">
      {done && (
        <p role="status">
          Your password is set, and you are logged out everywhere. <Link to="/login">Log in</Link>
        </p>
      )}
      {!done && token.startsWith("rcp_") && (
        <EntryForm action="Set password" onSubmit={reset}>
          <NewPasswordField label="New password" />
        </EntryForm>
      )}
      {!done && !token.startsWith("rcp_") && (
        <ProblemCard message="This link is cut off: a reset link has rcp_… behind its #. Copy all of it." />
      )}
    </EntryCard>
  );
}
