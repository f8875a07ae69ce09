import Box from "@cloudscape-design/components/box";
import I18nProvider, { type I18nProviderProps } from "@cloudscape-design/components/i18n";
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { createBrowserRouter, matchPath, Navigate, Outlet, RouterProvider, useLocation } from "react-router";
import { PlaceProvider, placePath, usePlace } from "~/api/context";
import { preferencesQuery, usePreferences } from "~/api/preferences";
import { queries } from "~/api/queries";
import { sessionQuery, useSession, useSignIn } from "~/api/session";
import { routerBase } from "~/base";
import { keepLanguage, language } from "~/i18n/language";
import { useTexts } from "~/i18n/texts";
import { hasPage, pages } from "~/pages";
import { pathOf } from "~/pages/registry";
import { MissingPage, OperatorsOnly, WrongPlace } from "~/shell/Missing";
import { PageLoading, Shell } from "~/shell/Shell";
import { SignInAgain } from "~/shell/SignInAgain";
import { shellTexts } from "~/shell/texts";
import { keepTheme, setCompact } from "~/shell/theme";
import { Failure } from "~/ui/Failure";

const SignInPage = lazy(() => import("~/pages/sign-in/SignInPage"));
const LAST = "lendglass.context";

/** The one-time sign-in of an address like `#login=…`, taken out of the address at once. */
const oneTime = new URLSearchParams(location.hash.slice(1)).get("login");
if (oneTime) history.replaceState(null, "", location.pathname + location.search);

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <DesignTexts>
        <RouterProvider router={router} />
      </DesignTexts>
    </QueryClientProvider>
  );
}

/** The design system's own texts in the user's language. */
function DesignTexts({ children }: { children: React.ReactNode }) {
  const lng = language.use();
  const [messages, setMessages] = useState<{ locale: string; all: readonly I18nProviderProps.Messages[] }>();
  useEffect(() => {
    const isChinese = lng === "zh-Hans";
    document.documentElement.lang = isChinese ? "zh-Hans" : "en";
    const loading = isChinese
      ? import("@cloudscape-design/components/i18n/messages/all.zh-CN")
      : import("@cloudscape-design/components/i18n/messages/all.en");
    void loading.then(({ default: all }) => setMessages({ locale: isChinese ? "zh-CN" : "en", all: [all] }));
  }, [lng]);
  if (!messages) return null;
  return (
    <I18nProvider locale={messages.locale} messages={messages.all}>
      {children}
    </I18nProvider>
  );
}

/** Nobody passes without a session. */
function Gate() {
  const signIn = useSignIn();
  const [link, setLink] = useState<"none" | "open" | "failed">(oneTime ? "open" : "none");
  const { data, error, isPending, refetch } = useQuery({ ...sessionQuery, enabled: link !== "open" });
  useEffect(() => {
    if (link !== "open" || !oneTime) return;
    signIn({ one_time: oneTime }).then(
      () => setLink("none"),
      () => {
        void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
        setLink("failed");
      },
    );
  }, [link, signIn]);
  if (error) {
    return (
      <Box padding="xxxl">
        <Failure error={error} retry={() => void refetch()} />
      </Box>
    );
  }
  if (isPending) return <PageLoading />;
  if (!data) {
    return (
      <Suspense fallback={<PageLoading />}>
        <SignInPage linkFailed={link === "failed"} />
      </Suspense>
    );
  }
  return (
    <>
      <Chosen />
      <Places />
    </>
  );
}

/** What the user has chosen elsewhere holds here too. */
function Chosen() {
  const { data } = useQuery(preferencesQuery);
  const [{ density }] = usePreferences();
  useEffect(() => {
    if (data?.language && !new URLSearchParams(location.search).has("lang")) keepLanguage(data.language);
    if (data?.theme) keepTheme(data.theme);
  }, [data?.language, data?.theme]);
  useEffect(() => setCompact(density === "compact"), [density]);
  return null;
}

/** Finds the project of the address; pages without one act in the last. */
function Places() {
  const t = useTexts(shellTexts);
  const { projects } = useSession();
  const { pathname } = useLocation();
  const named = matchPath("/r/:region/p/:project/*", pathname)?.params;
  const [last, setLast] = useState(() => localStorage.getItem(LAST)?.split("/") ?? []);
  const own =
    named &&
    projects.find(
      (one) =>
        (one.id === named.project || one.name === named.project) &&
        (one.region ?? named.region) === named.region,
    );
  const info = own ?? projects.find((one) => one.id === last[1]) ?? projects[0];
  const region = (own && named?.region) ?? info?.region ?? last[0] ?? "";
  useEffect(() => {
    if (!own) return;
    localStorage.setItem(LAST, `${region}/${own.id}`);
    setLast([region, own.id]);
  }, [own, region]);
  if (!info) {
    return (
      <Box textAlign="center" padding="xxxl">
        <Box variant="h1">{t("none.title")}</Box>
        <Box variant="p">{t("none.text")}</Box>
      </Box>
    );
  }
  return (
    <PlaceProvider region={region} info={info}>
      <Shell />
      <SignInAgain />
    </PlaceProvider>
  );
}

function OwnProject() {
  const { pathname } = useLocation();
  const { info } = usePlace();
  const named = matchPath("/r/:region/p/:project/*", pathname)?.params;
  return named?.project === info.id || named?.project === info.name ? <Outlet /> : <WrongPlace />;
}

function OwnOperator() {
  return useSession().operator ? <Outlet /> : <OperatorsOnly />;
}

function Home() {
  const place = usePlace();
  return (
    <Navigate replace to={placePath(place, hasPage("project", "overview") ? "overview" : "images/private")} />
  );
}

const routesOf = (scope: "project" | "me" | "operator" | "root") =>
  pages
    .filter((page) => page.scope === scope)
    .map((page) => ({ path: pathOf(page), Component: lazy(page.load) }));

const router = createBrowserRouter(
  [
    {
      Component: Gate,
      children: [
        { index: true, Component: Home },
        {
          Component: OwnProject,
          children: [...routesOf("project"), { path: "/r/:region/p/:project/*", Component: MissingPage }],
        },
        { Component: OwnOperator, children: routesOf("operator") },
        ...routesOf("me"),
        ...routesOf("root"),
        { path: "*", Component: MissingPage },
      ],
    },
  ],
  { basename: routerBase },
);
