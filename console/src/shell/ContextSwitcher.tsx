import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { matchPath, matchRoutes, useLocation, useNavigate } from "react-router";
import { ok } from "~/api/client";
import { placePath, useContexts, usePlace } from "~/api/context";
import { usePreferences } from "~/api/preferences";
import type { SessionProject } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { pages } from "~/pages";
import { pathOf } from "~/pages/registry";
import { CopyText } from "~/ui/Copy";
import { useFirstFocus } from "~/ui/focus";
import { shellTexts } from "./texts";

export function useRegions() {
  const { api, key } = usePlace();
  const { data } = useQuery({
    queryKey: [...key, "regions"],
    queryFn: () => ok(api.GET("/api/v1/regions")),
    staleTime: 10 * 60_000,
  });
  return data?.regions ?? [];
}

/** What waits in each of the user's projects and regions. */
export function useElsewhere() {
  const { api, key } = usePlace();
  const { data } = useQuery({
    queryKey: [...key, "elsewhere"],
    queryFn: () => ok(api.GET("/api/v1/notices/elsewhere")),
    staleTime: 15_000,
    refetchInterval: 60_000,
  });
  return (region: string, project: string) =>
    data?.contexts.find((one) => one.region === region && one.project === project);
}

const kinds = () =>
  pages.filter((one) => one.scope === "project").map((one) => ({ path: pathOf(one), handle: one }));

/** The same kind of page in another project: lists stay lists, the page of one thing becomes its list. */
export function sameKind(pathname: string): string {
  const inside = matchPath("/r/:region/p/:project/*", pathname)?.params["*"];
  if (!inside) return "images/private";
  // As the router ranks them: `images/shared` is no image of that id.
  const [found] = matchRoutes(kinds(), pathname) ?? [];
  const list = found?.route.handle.path.split("/:")[0] ?? "images";
  return list === "images" ? "images/private" : list;
}

export function ContextSwitcher({ close }: { close: () => void }) {
  const t = useTexts(shellTexts);
  const place = usePlace();
  const navigate = useNavigate();
  const field = useFirstFocus();
  const { pathname } = useLocation();
  const [{ recents = [] }, change] = usePreferences();
  const [filter, setFilter] = useState("");
  const regions = useRegions();
  const names = useMemo(() => regions.map(({ id }) => id), [regions]);
  const contexts = useContexts(names);
  const elsewhere = useElsewhere();
  const [region, setRegion] = useState(place.region);

  const pending = (region: string, project: SessionProject) =>
    elsewhere(region, project.id)?.pending ?? { count: project.pending, text: String(project.pending) };
  const wanted = filter.trim().toLowerCase();
  const rank = (at: string) => (recents.includes(at) ? recents.indexOf(at) : recents.length);
  const shown = contexts
    .filter((one) =>
      wanted
        ? one.project.name.toLowerCase().includes(wanted) || one.project.id.startsWith(wanted)
        : one.region === region,
    )
    .sort((a, b) => rank(`${a.region}/${a.project.id}`) - rank(`${b.region}/${b.project.id}`));
  const allRegions = [...new Set([...names, ...contexts.map((one) => one.region)])];

  const choose = (at: (typeof contexts)[number]) => {
    const name = `${at.region}/${at.project.id}`;
    change(({ recents = [] }) => ({ recents: [name, ...recents.filter((one) => one !== name)].slice(0, 8) }));
    void navigate(placePath({ region: at.region, project: at.project.id }, sameKind(pathname)));
    close();
  };

  return (
    <Modal visible onDismiss={close} header={t("switch.title")} size="large">
      <Input
        ref={field}
        type="search"
        value={filter}
        ariaLabel={t("switch.filter")}
        placeholder={t("switch.filter")}
        onChange={({ detail }) => setFilter(detail.value)}
        onKeyDown={({ detail }) => {
          if (detail.key === "Enter" && shown[0]) choose(shown[0]);
        }}
      />
      <div className="lg-switch">
        <nav aria-label={t("switch.regions")}>
          <Box variant="awsui-key-label">{t("switch.regions")}</Box>
          <ul>
            {allRegions.map((one) => {
              const waits = contexts.some(
                (at) => at.region === one && pending(at.region, at.project).count > 0,
              );
              return (
                <li key={one}>
                  <button
                    type="button"
                    className="lg-choice"
                    aria-pressed={one === region}
                    onClick={() => setRegion(one)}
                  >
                    <span>{regions.find(({ id }) => id === one)?.name ?? one}</span>
                    <span className="lg-muted">{one}</span>
                    {waits && (
                      <span className="lg-dot" role="img" aria-label={t("switch.pending", { n: "" })} />
                    )}
                  </button>
                </li>
              );
            })}
          </ul>
        </nav>
        <nav aria-label={t("switch.projects")}>
          <Box variant="awsui-key-label">{t("switch.projects")}</Box>
          <ul>
            {shown.map((at) => {
              const waits = pending(at.region, at.project);
              const isHere = at.region === place.region && at.project.id === place.project;
              return (
                <li key={`${at.region}/${at.project.id}`} className="lg-switch-row">
                  <button
                    type="button"
                    className="lg-choice"
                    aria-current={isHere || undefined}
                    onClick={() => choose(at)}
                  >
                    <strong>{at.project.name}</strong>
                    {wanted && <span className="lg-muted">{at.region}</span>}
                    <span className="lg-muted">{roleText(t, at.project.role)}</span>
                    {isHere && <Badge>{t("switch.here")}</Badge>}
                    {recents.includes(`${at.region}/${at.project.id}`) && !isHere && (
                      <span className="lg-muted">{t("switch.recent")}</span>
                    )}
                    {waits.count > 0 && (
                      <span className="lg-pending">
                        <span className="lg-dot" aria-hidden="true" />{" "}
                        {t("switch.pending", { n: waits.text })}
                      </span>
                    )}
                  </button>
                  <CopyText text={at.project.id} whole={false} />
                </li>
              );
            })}
          </ul>
          {shown.length === 0 && <Box color="text-status-inactive">{t("switch.none")}</Box>}
        </nav>
      </div>
    </Modal>
  );
}

type ShellTexts = ReturnType<typeof useTexts<typeof shellTexts.entries>>;

export function roleText(t: ShellTexts, role: string): string {
  if (role === "admin" || role === "member" || role === "reader") return t(`role.${role}`);
  return role;
}
