/** `/invitation#rci_…`: joins the organization that invites, with an account of one's own. */
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { answer, api } from "../api/client";
import { session } from "../api/session";
import { useSessionState } from "../live/use-session";
import { Field } from "../ui/field";
import { ProblemCard } from "../ui/problem-card";
import { EntryCard } from "./entry/entry-card";
import { EntryForm } from "./entry/entry-form";
import { NewPasswordField } from "./entry/password-field";

export default function Invitation() {
  const token = useRouterState({ select: (state) => state.location.hash });
  const state = useSessionState();
  const navigate = useNavigate();
  const accept = async ({ name = "", email = "", password = "" }: Record<string, string>) => {
    const body = { token, name, email, password, session: true };
    session.enter(await answer(api.POST("/api/invitations/accept", { body })));
    await navigate({ to: "/executions", replace: true });
  };
  return (
    <EntryCard title="Join an organization">
      {state.status === "in" && (
        <p>You are logged in as {state.session.user.email}. Joining logs you in as the new account.</p>
      )}
      {token.startsWith("rci_") ? (
        <EntryForm action="Join" onSubmit={accept}>
          <Field label="Your name" name="name" autoComplete="name" required maxLength={200} autoFocus />
          <Field label="E-mail" name="email" type="email" autoComplete="username" required />
          <NewPasswordField />
        </EntryForm>
      ) : (
        <ProblemCard message="This link is cut off: an invitation has rci_… behind its #. Copy all of it." />
      )}
    </EntryCard>
  );
}
