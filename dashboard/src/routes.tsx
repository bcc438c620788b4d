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
/** The list, and what opens over it. */
const list = createRoute({ ...inside, id: "list", component: lazy(() => import("./pages/executions")) });
const executions = createRoute({ getParentRoute: () => list, path: "/executions", validateSearch: filters });
const fresh = createRoute({
  getParentRoute: () => list,
  path: "/executions/new",
  validateSearch: only("image", "command"),
  component: lazy(() => import("./pages/new")),
});
const execution = createRoute({
  ...inside,
  path: "/executions/$taskId",
  validateSearch: only("attempt", "view"),
  component: lazy(() => import("./pages/execution")),
});

const people = createRoute({ ...inside, path: "/people", component: lazy(() => import("./pages/people")) });
const images = createRoute({
  ...inside,
  path: "/images",
  validateSearch: only("range"),
  component: lazy(() => import("./pages/images")),
});
const image = createRoute({
  ...inside,
  path: "/images/$image",
  validateSearch: only("range"),
  component: lazy(() => import("./pages/image")),
});
const settings = createRoute({ ...inside, path: "/settings", component: lazy(() => import("./pages/settings")) });
const setting = { getParentRoute: () => settings };
const settingsHome = createRoute({
  ...setting,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/settings/account", replace: true });
  },
});
const organization = createRoute({
  ...setting,
  path: "/organization",
  component: lazy(() => import("./pages/settings/organization")),
});
const keys = createRoute({ ...setting, path: "/keys", component: lazy(() => import("./pages/settings/keys")) });
const account = createRoute({
  ...setting,
  path: "/account",
  component: lazy(() => import("./pages/settings/account")),
});

const compare = createRoute({
  ...inside,
  path: "/executions/$taskId/compare",
  validateSearch: only("attempts"),
  component: lazy(() => import("./pages/compare")),
});

const tree = root.addChildren([
  frame.addChildren([
    home,
    list.addChildren([executions, fresh]),
    execution,
    compare,
    people,
    images,
    image,
    settings.addChildren([settingsHome, organization, keys, account]),
  ]),
  login,
  signup,
  invitation,
  reset,
]);

export const router = createRouter({
  routeTree: tree,
  pathParamsAllowedCharacters: [":", "@"],
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
