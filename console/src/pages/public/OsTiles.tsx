import { useQuery } from "@tanstack/react-query";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useImages } from "~/images/queries";
import { useListState } from "~/table/state";
import type { Query } from "~/table/types";
import { texts } from "./texts";

const NAMES: Record<string, string> = {
  almalinux: "AlmaLinux",
  centos: "CentOS",
  cirros: "CirrOS",
  coreos: "CoreOS",
  debian: "Debian",
  euleros: "EulerOS",
  fedora: "Fedora",
  freebsd: "FreeBSD",
  kylin: "Kylin",
  openeuler: "openEuler",
  opensuse: "openSUSE",
  rhel: "RHEL",
  rocky: "Rocky Linux",
  sles: "SLES",
  ubuntu: "Ubuntu",
  uos: "UOS",
  windows: "Windows",
};
const MOST = 1_000;

/** How many images there are of each system, the most first. */
export function countSystems(images: Pick<Image, "properties">[]): [system: string, n: number][] {
  const counts = new Map<string, number>();
  for (const { properties } of images) {
    const system = properties.os_distro;
    if (system) counts.set(system, (counts.get(system) ?? 0) + 1);
  }
  return [...counts].sort(([one, n], [two, m]) => m - n || one.localeCompare(two));
}

export const nameOfSystem = (system: string): string =>
  NAMES[system.toLowerCase()] ?? system.charAt(0).toUpperCase() + system.slice(1);

/** The systems there are images of: a press shows only those. */
export function OsTiles({ fixed }: { fixed: Query }) {
  const t = useTexts(texts);
  const { key } = usePlace();
  const { number } = useFormat();
  const load = useImages(fixed);
  const { state, setTokens } = useListState();
  const { data: systems = [] } = useQuery({
    queryKey: [...key, "images", "systems", JSON.stringify(fixed)],
    queryFn: async ({ signal }) => {
      const images: Image[] = [];
      let marker: string | undefined;
      do {
        const page = await load({ limit: 200, marker }, signal);
        images.push(...page.rows);
        marker = page.next ?? undefined;
      } while (marker && images.length < MOST);
      return countSystems(images);
    },
    staleTime: 60_000,
  });
  if (systems.length < 2) return null;
  const others = state.tokens.filter((token) => token.key !== "os");
  const chosen = state.tokens.find((token) => token.key === "os")?.value;
  const choose = (system: string | undefined) =>
    setTokens(system ? [...others, { key: "os", operator: "=", value: system }] : others);
  return (
    <fieldset className="lg-tiles">
      <legend className="lg-hidden">{t("tiles")}</legend>
      <button type="button" aria-pressed={chosen === undefined} onClick={() => choose(undefined)}>
        {t("all")}
      </button>
      {systems.map(([system, n]) => (
        <button
          key={system}
          type="button"
          aria-pressed={chosen === system}
          onClick={() => choose(chosen === system ? undefined : system)}
        >
          {nameOfSystem(system)} <span className="lg-small">{number(n)}</span>
        </button>
      ))}
    </fieldset>
  );
}
