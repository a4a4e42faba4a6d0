import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { getSession } from "@/api/session";
import { NotFound, PageFault } from "@/app/faces";
import { Splash } from "@/app/Splash";
import { PageSkeleton } from "@/app/shell/PageSkeleton";
import { page, shell } from "@/app/pages";
import { analysesSearch } from "@/features/analyses";
import { nextPath, signInSearch } from "@/features/auth";
import { librarySearch } from "@/features/library";
import { settingsSearch } from "@/features/settings";
import { viewerSearch } from "@/features/viewer";
import { askSearch } from "@/features/ask";
import { searchSearch } from "@/features/search";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Outlet });

/** Screens for those who are not signed in; the others are led on. */
const outside = createRoute({
  getParentRoute: () => root,
  id: "outside",
  validateSearch: signInSearch,
  beforeLoad: ({ search }): void => {
    if (getSession().status === "signed-in") redirect({ href: nextPath(search), throw: true });
  },
});

/** Screens behind the sign-in, in the shell. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: shell(),
  pendingComponent: Splash,
  pendingMs: 0,
  beforeLoad: ({ location }): void => {
    if (getSession().status === "signed-out") {
      redirect({ to: "/sign-in", search: { next: location.href }, throw: true });
    }
  },
});

// One constant per screen (inline ones lose their types). `page` names its component, which is loaded
// when it is shown; what reads its search parameters is small and comes from the feature's index.ts.

const signIn = createRoute({
  getParentRoute: () => outside,
  path: "/sign-in",
  component: page("auth/SignInPage"),
});

const signUp = createRoute({
  getParentRoute: () => outside,
  path: "/sign-up",
  component: page("auth/SignUpPage"),
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: (): void => {
    redirect({ to: "/library", throw: true });
  },
});

const library = createRoute({
  getParentRoute: () => inside,
  path: "/library",
  validateSearch: librarySearch,
  component: page("library/LibraryPage"),
});

const usage = createRoute({
  getParentRoute: () => inside,
  path: "/usage",
  component: page("usage/UsagePage"),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  validateSearch: settingsSearch,
  component: page("settings/SettingsPage"),
});

const audit = createRoute({
  getParentRoute: () => inside,
  path: "/audit",
  component: page("audit/AuditPage"),
});

const documentView = createRoute({
  getParentRoute: () => inside,
  path: "/documents/$documentId",
  validateSearch: viewerSearch,
  component: page("viewer/DocumentPage"),
});

const askAnew = createRoute({
  getParentRoute: () => inside,
  path: "/ask",
  validateSearch: askSearch,
  component: page("ask/AskPage"),
});

const askOn = createRoute({
  getParentRoute: () => inside,
  path: "/ask/$conversationId",
  component: page("ask/AskPage"),
});

const search = createRoute({
  getParentRoute: () => inside,
  path: "/search",
  validateSearch: searchSearch,
  component: page("search/SearchPage"),
});

const analyses = createRoute({
  getParentRoute: () => inside,
  path: "/analyses",
  validateSearch: analysesSearch,
  component: page("analyses/AnalysesPage"),
});

const newAnalysis = createRoute({
  getParentRoute: () => inside,
  path: "/analyses/new",
  component: page("analyses/NewAnalysisPage"),
});

const analysis = createRoute({
  getParentRoute: () => inside,
  path: "/analyses/$analysisId",
  component: page("analyses/AnalysisPage"),
});

/** For operators, who have a key instead of a session; each screen asks for it. */
const operatorTenants = createRoute({
  getParentRoute: () => root,
  path: "/operator",
  component: page("operator/TenantsPage"),
});

const operatorTenant = createRoute({
  getParentRoute: () => root,
  path: "/operator/tenants/$tenantId",
  component: page("operator/TenantPage"),
});

const operatorState = createRoute({
  getParentRoute: () => root,
  path: "/operator/state",
  component: page("operator/StatePage"),
});

const routeTree = root.addChildren([
  outside.addChildren([signIn, signUp]),
  operatorTenants,
  operatorTenant,
  operatorState,
  inside.addChildren([
    home,
    library,
    documentView,
    askAnew,
    askOn,
    search,
    analyses,
    newAnalysis,
    analysis,
    usage,
    settings,
    audit,
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultPendingComponent: PageSkeleton,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: PageFault,
  });
}

/** Fetches the code of the screen at the address, while it is still being found out who is here. */
export function fetchScreen(router: ReturnType<typeof createAppRouter>): void {
  const [routes] = router.getMatchedRoutes(router.latestLocation.pathname);
  for (const route of routes) {
    // What fails here fails again when it is shown, and is told there.
    router.loadRouteChunk(route)?.catch(() => undefined);
  }
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
