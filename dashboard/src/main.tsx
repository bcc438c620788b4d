/** Begins the page: the session first, then the link that follows it, then what is shown. */
// The order of the layers is told in the first of them: it has to come before the CSS of any component.
import "./styles/tokens.css";
import "./styles/base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { serverClock } from "./api/clock";
import { gatewayUrl } from "./api/installation";
import { isOther, session } from "./api/session";
import { keepLevel } from "./live/executions";
import { link } from "./live/link";
import { onWake } from "./live/wake";
import { takeDemo } from "./pages/entry/demo";
import { queryClient } from "./query-client";
import { router } from "./routes";
import { listenForKeys } from "./ui/keys";
import { keepTheme } from "./ui/theme";
import { ClockContext } from "./ui/time";
import { ToastList } from "./ui/toast-list";
import { toasts } from "./ui/toasts";

takeDemo();
keepTheme();
listenForKeys(window);
session.subscribe((state, before) => {
  if (!isOther(state, before)) return;
  queryClient.clear();
  toasts.clear();
});
keepLevel(queryClient, link);
gatewayUrl().then((gateway) => link.start(gateway));
session.refresh().catch(() => undefined);
onWake(() => session.wake());

const now = () => serverClock.now();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <ClockContext value={now}>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
          <ToastList />
        </QueryClientProvider>
      </ClockContext>
    </StrictMode>,
  );
}
