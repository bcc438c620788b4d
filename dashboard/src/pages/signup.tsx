/** `/signup`: a new organization and its first admin, only where the installation allows it. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { answer, api } from "../api/client";
import { session } from "../api/session";
import { Field } from "../ui/field";
import { useConfig } from "./entry/config";
import { EntryCard } from "./entry/entry-card";
import { EntryForm } from "./entry/entry-form";
import { useOnwards } from "./entry/onwards";
import { NewPasswordField } from "./entry/password-field";

const route = getRouteApi("/signup");

export default function Signup() {
  const { next } = route.useSearch();
  const { data: config } = useConfig();
  if (useOnwards(next)) return null;
  return (
    <EntryCard title="Create an organization">
      {config && !config.signup ? (
        <p>Nobody can sign up at this installation. Ask an admin of your organization for an invitation.</p>
      ) : (
        <EntryForm action="Create" onSubmit={signUp}>
          <Field
            label="Organization"
            name="organizationName"
            autoComplete="organization"
            required
            maxLength={200}
            autoFocus
          />
          <Field label="Your name" name="name" autoComplete="name" required maxLength={200} />
          <Field label="E-mail" name="email" type="email" autoComplete="username" required />
          <NewPasswordField />
        </EntryForm>
      )}
      <p>
        <Link to="/login" search={next ? { next } : {}}>
          Log in instead
        </Link>
      </p>
    </EntryCard>
  );
}

async function signUp({
  organizationName = "",
  name = "",
  email = "",
  password = "",
}: Record<string, string>): Promise<void> {
  const body = { organizationName, name, email, password, session: true };
  session.enter(await answer(api.POST("/api/auth/signup", { body })));
}
