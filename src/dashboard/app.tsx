/** The dashboard: its providers, the sign-in gate and the pages. */
import { QueryClientProvider } from "@tanstack/react-query";
import { type ComponentType, type ReactNode, Suspense, useState } from "react";
import { Route, Router, Switch, useLocation } from "wouter";
import { newQueryClient } from "./api/queries.ts";
import { LiveProvider } from "./live/live-context.tsx";
import { Overview } from "./pages/overview/overview.tsx";
import { Services } from "./pages/services/services.tsx";
import { SessionGate } from "./pages/session-gate.tsx";
import { LinkButton } from "./ui/button.tsx";
import { Clock, ClockContext } from "./ui/clock.ts";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { lazyPage } from "./ui/lazy-page.ts";
import { Empty, Loading } from "./ui/notice.tsx";
import { Page } from "./ui/page.tsx";
import { SECTIONS, type SectionPath } from "./ui/sections.ts";
import { Shell } from "./ui/shell.tsx";
import { useGuardedLocation } from "./ui/unsaved.ts";

const ServicePage = lazyPage(async () => (await import("./pages/service/service-page.tsx")).ServicePage);

const Projects = lazyPage(async () => (await import("./pages/projects/projects.tsx")).Projects);
const ProjectPage = lazyPage(async () => (await import("./pages/projects/project-page.tsx")).ProjectPage);
const Dependencies = lazyPage(async () => (await import("./pages/dependencies/dependencies.tsx")).Dependencies);
const Federation = lazyPage(async () => (await import("./pages/hubs/federation.tsx")).Federation);
const Settings = lazyPage(async () => (await import("./pages/settings/settings.tsx")).Settings);

const Palette = lazyPage(async () => (await import("./pages/palette.tsx")).Palette);

/** The compiler demands a page for each section. */
const PAGES: Record<SectionPath, ComponentType> = {
  "/": Overview,
  "/services": Services,
  "/dependencies": Dependencies,
  "/projects": Projects,
  "/federation": Federation,
  "/settings": Settings,
};

export function App() {
  const [client] = useState(newQueryClient);
  const [clock] = useState(() => new Clock());
  return (
    <QueryClientProvider client={client}>
      <ClockContext value={clock}>
        <Router hook={useGuardedLocation}>
          <SessionGate>
            <LiveProvider>
              <Shell palette={(close) => <Suspense>{<Palette close={close} />}</Suspense>}>
                <PageErrorBoundary>
                  <Suspense fallback={<PageLoading />}>
                    <Pages />
                  </Suspense>
                </PageErrorBoundary>
              </Shell>
            </LiveProvider>
          </SessionGate>
        </Router>
      </ClockContext>
    </QueryClientProvider>
  );
}

/** An error stays visible until the user opens another section of the dashboard. */
function PageErrorBoundary({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  return <ErrorBoundary key={path.split("/")[1]}>{children}</ErrorBoundary>;
}

function PageLoading() {
  return (
    <div className="mx-auto w-full max-w-[100rem] p-6">
      <Loading what="the page" />
    </div>
  );
}

function Pages() {
  return (
    <Switch>
      {SECTIONS.map(({ path }) => (
        <Route key={path} path={path} component={PAGES[path]} />
      ))}
      <Route path="/services/:id">{({ id }) => <ServicePage key={id} id={Number(id)} />}</Route>
      <Route path="/projects/:id">{({ id }) => <ProjectPage key={id} id={Number(id)} />}</Route>
      <Route>
        <Page title="Nothing here">
          <Empty title="There is no page at this address">
            <LinkButton href="/">To the overview</LinkButton>
          </Empty>
        </Page>
      </Route>
    </Switch>
  );
}
