import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasPage } from "~/pages";
import { useFrame } from "~/shell/frame";
import { to } from "~/shell/links";
import { useShortcuts } from "~/shell/shortcuts";
import { shellTexts } from "~/shell/texts";
import { useRefusal } from "~/ui/may";
import { usePending } from "./queries";
import { imageTexts } from "./texts";

const TABS = ["private", "shared", "public", "market"] as const;
export type Tab = (typeof TABS)[number];

/** What the lists of images have in common: title, tabs, the way to a new one. */
export function ImagesFrame({
  tab,
  crumb,
  children,
}: {
  tab: Tab;
  crumb?: { text: string; path: string };
  children: ReactNode;
}) {
  const t = useTexts(imageTexts);
  const s = useTexts(shellTexts);
  const w = useWords();
  const { path } = usePlace();
  const navigate = useNavigate();
  const pending = usePending();
  const refused = useRefusal("ims:images:create");
  const hasWizard = hasPage("project", "images/new");
  useFrame(crumb?.text ?? w(`tab.${tab}`), [
    { text: t("title"), href: path("images/private") },
    { text: w(`tab.${tab}`), href: path(`images/${tab}`) },
    ...(crumb ? [{ text: crumb.text, href: path(crumb.path) }] : []),
  ]);
  useShortcuts({
    c:
      hasWizard && !refused
        ? { text: s("keys.create"), run: () => void navigate(path("images/new")) }
        : undefined,
  });
  return (
    <div className="lg-images">
      <Header
        variant="h1"
        actions={
          hasWizard && (
            <Button
              variant="primary"
              href={to(path("images/new"))}
              disabled={refused !== undefined}
              disabledReason={refused}
            >
              {w("act.create")}
            </Button>
          )
        }
      >
        {t("title")}
      </Header>
      <nav className="lg-tabs" aria-label={t("title")}>
        {TABS.filter((one) => hasPage("project", `images/${one}`)).map((one) => {
          const waits = one === "shared" && pending > 0;
          const label = waits ? t("tab.pending", { tab: w("tab.shared"), n: pending }) : undefined;
          return (
            <a
              key={one}
              href={to(path(`images/${one}`))}
              aria-current={one === tab ? "page" : undefined}
              aria-label={label}
              title={label}
            >
              {w(`tab.${one}`)}
              {waits && <span className="lg-dot" aria-hidden="true" />}
            </a>
          );
        })}
      </nav>
      {children}
    </div>
  );
}
