import Icon from "@cloudscape-design/components/icon";
import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { usePreferences } from "~/api/preferences";
import { usePersona, useSession, useSignOut } from "~/api/session";
import { basePath } from "~/base";
import { useFormat } from "~/i18n/format";
import { keepLanguage, type Language, language } from "~/i18n/language";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasPage } from "~/pages";
import { useReturnFocus } from "~/ui/focus";
import { trayOpen, uploads, wholePercent } from "~/uploads/tray";
import { ContextSwitcher, useElsewhere } from "./ContextSwitcher";
import { helpOpen } from "./frame";
import { to } from "./links";
import { noticePage, useNoticeText } from "./notices";
import { Palette } from "./Palette";
import { ShortcutList, useShortcuts } from "./shortcuts";
import { shellTexts } from "./texts";
import { keepTheme, type Theme, theme } from "./theme";

type Open = "switch" | "palette" | "keys" | null;

/** What is above every page. */
export function Header() {
  const t = useTexts(shellTexts);
  const w = useWords();
  const place = usePlace();
  const session = useSession();
  const navigate = useNavigate();
  const [, change] = usePreferences();
  const [open, setOpen] = useState<Open>(null);
  useReturnFocus(open);
  const nowLanguage = language.use();
  const nowTheme = theme.use();
  const { unread, items: notices, onNotice } = useBell();
  const sending = uploads.usePart((all) => all.length);
  const percent = uploads.usePart(wholePercent);
  const elsewhere = useElsewhere();
  const signOut = useSignOut();
  const become = usePersona();
  const waitsElsewhere = session.projects.some(
    (one) => (elsewhere(one.region ?? place.region, one.id)?.pending.count ?? one.pending) > 0,
  );

  const go = (path: string) => () => void navigate(path);
  useShortcuts({
    "/": {
      text: t("keys.filter"),
      run: () => document.querySelector<HTMLElement>(".lg-filter input")?.focus(),
    },
    "?": { text: t("keys.list"), run: () => setOpen("keys") },
    "g x": { text: t("keys.switch"), run: () => setOpen("switch") },
    "g p": { text: t("keys.private"), run: go(place.path("images/private")) },
    "g s": { text: t("keys.shared"), run: go(place.path("images/shared")) },
    "g u": hasPage("project", "images/public")
      ? { text: t("keys.public"), run: go(place.path("images/public")) }
      : undefined,
    "g j": hasPage("project", "jobs") ? { text: t("keys.jobs"), run: go(place.path("jobs")) } : undefined,
  });
  useSearchKey(() => setOpen("palette"));

  const me = (path: string, text: string, iconName?: "key" | "settings" | "user-profile") =>
    hasPage("me", path) ? [{ id: path, text, href: to(`/me/${path}`), iconName }] : [];
  const persona = async (user: string) => {
    await become(user);
    void navigate("/");
  };

  const utilities: TopNavigationProps.Utility[] = [
    ...(sending > 0
      ? [
          {
            type: "button" as const,
            iconName: "upload" as const,
            text: `${percent} %`,
            ariaLabel: t("header.uploads", { n: sending }),
            title: t("header.uploads", { n: sending }),
            onClick: () => trayOpen.set((now) => !now),
          },
        ]
      : []),
    {
      type: "menu-dropdown",
      iconName: "notification",
      badge: unread > 0,
      ariaLabel: unread > 0 ? t("header.bellUnread", { n: unread }) : t("header.bell"),
      title: t("header.bell"),
      items: notices,
      onItemClick: onNotice,
    },
    {
      type: "button",
      iconName: "status-info",
      ariaLabel: t("header.help"),
      title: t("header.help"),
      onClick: () => helpOpen.set((now) => !now),
    },
    {
      type: "menu-dropdown",
      text: nowLanguage === "zh-Hans" ? "中" : "EN",
      // What is seen is part of the name, for those who speak to the screen.
      ariaLabel: `${nowLanguage === "zh-Hans" ? "中" : "EN"} – ${t("header.language")}`,
      title: t("header.language"),
      disableTextCollapse: true,
      items: (
        [
          ["en", "English"],
          ["zh-Hans", "简体中文"],
        ] as const
      ).map(([id, text]) => ({ id, text, itemType: "checkbox", checked: nowLanguage === id })),
      onItemClick: ({ detail }) => {
        keepLanguage(detail.id as Language);
        change({ language: detail.id as "en" | "zh-Hans" });
      },
    },
    {
      type: "menu-dropdown",
      iconSvg: <ThemeIcon />,
      ariaLabel: t("header.theme"),
      title: t("header.theme"),
      items: (["light", "dark", "system"] as const).map((id) => ({
        id,
        text: t(`theme.${id}`),
        itemType: "checkbox",
        checked: nowTheme === id,
      })),
      onItemClick: ({ detail }) => {
        keepTheme(detail.id as Theme);
        change({ theme: detail.id as Theme });
      },
    },
    {
      type: "menu-dropdown",
      iconName: "user-profile",
      text: session.user.name,
      description: session.account.name,
      items: [
        ...me("credentials", w("me.credentials"), "key"),
        ...me("access-keys", t("user.accessKeys")),
        ...me("preferences", t("user.preferences"), "settings"),
        { id: "keys", text: t("user.shortcuts"), iconName: "keyboard" },
        ...(session.demo?.personas ?? [])
          .filter((name) => name !== session.user.name)
          .map((name) => ({
            id: `persona:${name}`,
            text: t("user.persona", { name }),
            iconName: "group" as const,
          })),
        ...(hasPage("root", "help")
          ? [{ id: "help", text: t("header.help"), href: to("/help"), iconName: "status-info" as const }]
          : []),
        ...(hasPage("root", "about") ? [{ id: "about", text: t("user.about"), href: to("/about") }] : []),
        { id: "sign-out", text: t("user.signOut") },
      ],
      onItemClick: ({ detail }) => {
        if (detail.id === "keys") setOpen("keys");
        if (detail.id === "sign-out") void signOut();
        if (detail.id.startsWith("persona:")) void persona(detail.id.slice("persona:".length));
      },
    },
  ];

  return (
    <header id="header" className={session.demo ? "lg-header lg-header-demo" : "lg-header"}>
      <TopNavigation
        identity={{
          href: to(hasPage("project", "overview") ? place.path("overview") : place.path("images/private")),
          title: "Lendglass",
          logo: { src: `${basePath}favicon.svg`, alt: "" },
        }}
        search={
          <div className="lg-header-middle">
            <button type="button" className="lg-header-button" onClick={() => setOpen("switch")}>
              <span>{place.region} </span>
              <span aria-hidden="true">▸</span>
              <strong>{place.info.name}</strong>
              <span className="lg-hidden">
                {t("switch.open")}
                {waitsElsewhere && t("switch.waits")}
              </span>
              <Icon name="caret-down-filled" size="small" />
              {waitsElsewhere && <span className="lg-dot" aria-hidden="true" />}
            </button>
            <button
              type="button"
              className="lg-header-button lg-header-search"
              onClick={() => setOpen("palette")}
            >
              <Icon name="search" size="small" />
              <span>{t("header.search")}</span>
              <kbd>{navigator.platform.startsWith("Mac") ? "⌘" : "Ctrl"} K</kbd>
            </button>
          </div>
        }
        utilities={utilities}
      />
      {session.demo && (
        <div className="lg-header-stripe">{t("demo.header", { name: session.user.name })}</div>
      )}
      {open === "switch" && <ContextSwitcher close={() => setOpen(null)} />}
      {open === "palette" && <Palette close={() => setOpen(null)} />}
      {open === "keys" && <ShortcutList close={() => setOpen(null)} />}
    </header>
  );
}

function ThemeIcon() {
  return (
    <svg viewBox="0 0 16 16" focusable="false" aria-hidden="true">
      <circle cx="8" cy="8" r="6" fill="none" />
      <path d="M8 2a6 6 0 0 1 0 12z" className="filled" />
    </svg>
  );
}

/** Ctrl/⌘ K works everywhere, in fields too. */
function useSearchKey(run: () => void) {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** The bell: the newest notices, and the way to have read them. */
function useBell() {
  const t = useTexts(shellTexts);
  const { api, key } = usePlace();
  const { ago } = useFormat();
  const text = useNoticeText();
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: [...key, "notices", "bell"],
    queryFn: async () => {
      const [page, counts] = await Promise.all([
        ok(api.GET("/api/v1/notices", { params: { query: { limit: 8 } } })),
        ok(api.GET("/api/v1/notices/counts")),
      ]);
      return { ...page, unread: counts.unread.count };
    },
    staleTime: 10_000,
    refetchInterval: 60_000,
  });
  const read = useMutation({
    mutationFn: (id?: string) =>
      ok(api.POST("/api/v1/notices/read", { body: id ? { ids: [id] } : { up_to: data?.end } })),
    onSuccess: () => client.invalidateQueries({ queryKey: [...key, "notices"] }),
  });
  const { path } = usePlace();
  const items = (data?.notices ?? []).map((notice) => ({
    id: notice.id,
    text: text(notice),
    secondaryText: ago(notice.at),
    iconName: notice.is_read ? undefined : ("status-info" as const),
    href: to(path(noticePage(notice))),
  }));
  return {
    unread: data?.unread ?? 0,
    items: [
      ...(items.length ? items : [{ id: "none", text: t("bell.none"), disabled: true }]),
      ...(data?.unread ? [{ id: "read", text: t("bell.readAll"), iconName: "check" as const }] : []),
      ...(hasPage("project", "notices")
        ? [{ id: "all", text: t("bell.all"), href: to(path("notices")) }]
        : []),
    ],
    onNotice: ({ detail }: { detail: { id: string } }) => {
      if (detail.id === "read") read.mutate(undefined);
      else if (data?.notices.some((notice) => notice.id === detail.id && !notice.is_read))
        read.mutate(detail.id);
    },
  };
}
