/** `/login`: an address and a password, the demo's one button, or a provider's token. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { answer, api } from "../api/client";
import { session } from "../api/session";
import { useSessionState } from "../live/use-session";
import { Field } from "../ui/field";
import { ProblemCard } from "../ui/problem-card";
import { Skeleton } from "../ui/skeleton";
import { useConfig } from "./entry/config";
import { type Demo, givenDemo } from "./entry/demo";
import { EntryCard } from "./entry/entry-card";
import { EntryForm } from "./entry/entry-form";
import { useOnwards } from "./entry/onwards";
import { TokenForm } from "./entry/token-form";

const route = getRouteApi("/login");

export default function Login() {
  const { next } = route.useSearch();
  const config = useConfig();
  const state = useSessionState();
  if (useOnwards(next) || (state.status === "unknown" && !state.unreachable)) return null;
  return (
    <EntryCard title="Log in">
      {state.status === "out" && state.reason && <p role="status">{state.reason}</p>}
      {config.isPending && <Skeleton rows={3} />}
      {config.error && <ProblemCard {...shown(config.error)} onAgain={() => config.refetch()} />}
      {config.data?.accounts === "provider" && <TokenForm />}
      {config.data?.accounts === "here" && <Accounts signup={config.data.signup} next={next} />}
    </EntryCard>
  );
}

function Accounts({ signup, next }: { signup: boolean; next: string | undefined }) {
  const demo = givenDemo();
  return (
    <>
      {demo && <DemoForm demo={demo} />}
      <EntryForm action="Log in" onSubmit={({ email = "", password = "" }) => logIn({ email, password })}>
        <Field label="E-mail" name="email" type="email" autoComplete="username" required autoFocus={!demo} />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required />
      </EntryForm>
      {signup && (
        <p>
          New here?{" "}
          <Link to="/signup" search={next ? { next } : {}}>
            Create an organization
          </Link>
        </p>
      )}
      <p className="field-hint">Forgotten your password? An admin of your organization can make you a reset link.</p>
    </>
  );
}

function DemoForm({ demo }: { demo: Demo }) {
  return (
    <EntryForm action={`Log in as ${demo.email}`} onSubmit={() => logIn(demo)}>
      {null}
    </EntryForm>
  );
}

async function logIn({ email, password }: Demo): Promise<void> {
  session.enter(await answer(api.POST("/api/auth/login", { body: { email, password, session: true } })));
}

function shown(error: Error & { code?: string; requestId?: string | undefined }) {
  return { message: error.message, code: error.code, requestId: error.requestId };
}
