import AppLayout from "@cloudscape-design/components/app-layout";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Flashbar from "@cloudscape-design/components/flashbar";
import HelpPanel from "@cloudscape-design/components/help-panel";
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import Spinner from "@cloudscape-design/components/spinner";
import SplitPanel from "@cloudscape-design/components/split-panel";
import { lazy, Suspense, useEffect, useState } from "react";
import { Outlet, useLocation } from "react-router";
import { usePlace } from "~/api/context";
import { useServerEvents } from "~/api/events";
import { usePreferences } from "~/api/preferences";
import { connection } from "~/api/send";
import { routerBase } from "~/base";
import { useTexts } from "~/i18n/texts";
import { usePending } from "~/images/queries";
import { useMedia } from "~/ui/media";
import { DialogHost } from "./DialogHost";
import { ErrorBoundary } from "./ErrorBoundary";
import { frame, help, helpOpen, helpPlace, panel, panelPlace } from "./frame";
import { Header } from "./Header";
import { LinkListener, to } from "./links";
import { dropFlash, flashes } from "./messages";
import { useNavigation } from "./navigation";
import { useNoticeNews } from "./notices";
import { ShortcutListener } from "./shortcuts";
import { Toasts } from "./Toasts";
import { shellTexts } from "./texts";

const UploadHost = lazy(() => import("~/uploads/Host"));
const JobNews = lazy(() => import("./JobNews"));
const Helpful = lazy(() => import("./Helpful").then(({ Helpful }) => ({ default: Helpful })));

/** What surrounds every page. */
export function Shell() {
  const t = useTexts(shellTexts);
  const place = usePlace();
  const { pathname } = useLocation();
  const [{ navigation = true }, change] = usePreferences();
  const { title, crumbs } = frame.use();
  const shownHelp = help.use();
  const isHelpOpen = helpOpen.use();
  const shownPanel = panel.use();
  // On a narrow screen the navigation covers the page: closed until asked for, and after each choice.
  const isNarrow = useMedia("(max-width: 688px)");
  const [isMenuOpen, setMenuOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes it
  useEffect(() => setMenuOpen(false), [pathname]);
  useServerEvents();
  useNoticeNews();
  useEffect(() => {
    const where = `${place.info.name} (${place.region})`;
    document.title = [
      title,
      ...crumbs
        .slice(0, -1)
        .map(({ text }) => text)
        .reverse(),
      where,
    ]
      .filter(Boolean)
      .join(" · ");
  }, [title, crumbs, place.info.name, place.region]);
  return (
    <>
      <Header />
      <AppLayout
        headerSelector="#header"
        toolsHide={!isHelpOpen}
        toolsOpen={isHelpOpen}
        onToolsChange={({ detail }) => helpOpen.set(detail.open)}
        tools={
          <HelpPanel header={<h2>{shownHelp?.title ?? t("header.help")}</h2>}>
            <div ref={helpPlace.set} />
            {!shownHelp && <p>{t("help.none")}</p>}
            {isHelpOpen && (
              <Suspense fallback={null}>
                <Helpful />
              </Suspense>
            )}
          </HelpPanel>
        }
        navigation={<Navigation />}
        navigationWidth={240}
        navigationOpen={isNarrow ? isMenuOpen : navigation}
        onNavigationChange={({ detail }) =>
          isNarrow ? setMenuOpen(detail.open) : change({ navigation: detail.open })
        }
        breadcrumbs={
          <BreadcrumbGroup
            items={crumbs.map((one) => ({ ...one, href: to(one.href) }))}
            ariaLabel={t("nav.label")}
          />
        }
        notifications={<Notifications />}
        splitPanelOpen={shownPanel !== null}
        onSplitPanelToggle={({ detail }) => {
          if (!detail.open) shownPanel?.close();
        }}
        splitPanelPreferences={{ position: "side" }}
        splitPanelSize={420}
        splitPanel={
          shownPanel ? (
            <SplitPanel
              header={shownPanel.title}
              closeBehavior="hide"
              hidePreferencesButton
              i18nStrings={{
                preferencesTitle: t("panel.preferences"),
                closeButtonAriaLabel: t("panel.close"),
                openButtonAriaLabel: t("panel.open"),
                resizeHandleAriaLabel: t("panel.resize"),
              }}
            >
              <div ref={panelPlace.set} />
            </SplitPanel>
          ) : undefined
        }
        ariaLabels={{
          navigation: t("nav.label"),
          navigationClose: t("nav.close"),
          navigationToggle: t("nav.open"),
          tools: t("header.help"),
          toolsToggle: t("header.help"),
          toolsClose: t("panel.close"),
        }}
        content={
          <ErrorBoundary at={pathname}>
            <Suspense fallback={<PageLoading />}>
              <Outlet />
            </Suspense>
            <DialogHost />
          </ErrorBoundary>
        }
      />
      <Toasts />
      <Suspense fallback={null}>
        <UploadHost />
        <JobNews key={place.key.join()} />
      </Suspense>
      <LinkListener />
      <ShortcutListener />
    </>
  );
}

export function PageLoading() {
  return (
    <div className="lg-page-loading">
      <Spinner size="large" />
    </div>
  );
}

function Navigation() {
  const t = useTexts(shellTexts);
  const items = useNavigation();
  const { pathname } = useLocation();
  const pending = usePending();
  const link = (item: (typeof items)[number]): SideNavigationProps.Item => ({
    type: "link",
    text: item.text,
    href: to(item.path),
    info:
      item.isImages && pending > 0 ? (
        <span
          className="lg-dot"
          role="img"
          aria-label={t("nav.pending", { n: pending })}
          title={t("nav.pending", { n: pending })}
        />
      ) : undefined,
  });
  const part = (wanted: 0 | 1 | 2) => items.filter((item) => item.part === wanted).map(link);
  const history = part(1);
  const operator = part(2);
  const active = items.find((item) =>
    item.isImages ? /\/p\/[^/]+\/images(\/|$)/.test(pathname) : `${pathname}/`.startsWith(`${item.path}/`),
  );
  return (
    <SideNavigation
      activeHref={active && routerBase + active.path}
      items={[
        ...part(0),
        ...(history.length ? [{ type: "divider" } as const, ...history] : []),
        ...(operator.length
          ? [
              { type: "divider" } as const,
              { type: "section", text: t("nav.operator"), items: operator } as const,
            ]
          : []),
      ]}
    />
  );
}

function Notifications() {
  const t = useTexts(shellTexts);
  const shown = flashes.use();
  const { lost } = connection.use();
  return (
    <Flashbar
      stackItems
      items={[
        ...(lost
          ? [
              {
                id: "lost",
                type: "warning" as const,
                loading: true,
                header: t("lost.title"),
                content: t("lost.text"),
              },
            ]
          : []),
        ...shown.map((one) => ({
          id: one.id,
          type: one.kind,
          header: one.title,
          content: one.text,
          dismissible: true,
          onDismiss: () => dropFlash(one.id),
          action: one.action && <Button onClick={one.action.run}>{one.action.text}</Button>,
        })),
      ]}
    />
  );
}
