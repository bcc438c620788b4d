/** What every page of somebody who is logged in stands in: header, link, account, keys; and the way to the log-in. */
import { Outlet, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { identityOf } from "../api/identity";
import type { ApiError } from "../api/problem";
import { session } from "../api/session";
import { useSessionState } from "../live/use-session";
import { ProblemCard } from "../ui/problem-card";
import { Skeleton } from "../ui/skeleton";
import { Header } from "./frame/header";
import { NewVersion } from "./frame/new-version";
import "./frame.css";

export default function Frame() {
  const state = useSessionState();
  if (state.status === "out") return <ToLogin />;
  if (state.status === "unknown") return <Waiting problem={state.unreachable} />;
  return (
    <div className="frame" key={identityOf(state.session)}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <NewVersion />
        <Outlet />
      </main>
    </div>
  );
}

/** Leads to the log-in, and from there back to this very URL. */
function ToLogin() {
  const router = useRouter();
  useEffect(() => {
    const { href } = router.state.location;
    void router.navigate({ to: "/login", search: href === "/executions" ? {} : { next: href }, replace: true });
  }, [router]);
  return null;
}

function Waiting({ problem }: { problem: ApiError | undefined }) {
  if (!problem) return <Skeleton rows={3} label="Looking who you are" />;
  const again = () => session.refresh().catch(() => undefined);
  return <ProblemCard message={problem.message} code={problem.code} requestId={problem.requestId} onAgain={again} />;
}
