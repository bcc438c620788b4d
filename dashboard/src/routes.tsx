/** The pages and their URLs: one line each, each loaded when it is first opened. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent as lazy,
  redirect,
} from "@tanstack/react-router";
import { Crash } from "./pages/crash";
import { NotFound } from "./pages/not-found";
import { only, parseSearch, stringifySearch } from "./search";

const root = createRootRoute({ notFoundComponent: NotFound, errorComponent: Crash });
const frame = createRoute({
  getParentRoute: () => root,
  id: "frame",
  component: lazy(() => import("./pages/frame")),
  notFoundComponent: NotFound,
});
const outside = { getParentRoute: () => root };
const inside = { getParentRoute: () => frame };
const filters = only("status", "image", "by", "pool", "since", "q");

const home = createRoute({
  ...inside,
  path: "/",
  beforeLoad: ({ location }) => {
    throw redirect({ to: "/executions", search: filters(location.search), replace: true });
  },
});

const login = createRoute({
  ...outside,
  path: "/login",
  validateSearch: only("next"),
  component: lazy(() => import("./pages/login")),
});
const signup = createRoute({
  ...outside,
  path: "/signup",
  validateSearch: only("next"),
  component: lazy(() => import("./pages/signup")),
});
const invitation = createRoute({
  ...outside,
  path: "/invitation",
  component: lazy(() => import("./pages/invitation")),
});
const reset = createRoute({
  ...outside,
  path: "/password-reset",
  component: lazy(() => import("./pages/password-reset")),
});
const executions = createRoute({
  ...inside,
  path: "/executions",
  validateSearch: filters,
  component: lazy(() => import("./pages/executions")),
});
const execution = createRoute({
  ...inside,
  path: "/executions/$taskId",
  validateSearch: only("attempt", "view"),
  component: lazy(() => import("./pages/execution")),
});

const compare = createRoute({
  ...inside,
  path: "/executions/$taskId/compare",
  validateSearch: only("attempts"),
  component: lazy(() => import("./pages/compare")),
});

const tree = root.addChildren([
  frame.addChildren([home, executions, execution, compare]),
  login,
  signup,
  invitation,
  reset,
]);

export const router = createRouter({
  routeTree: tree,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Crash,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
