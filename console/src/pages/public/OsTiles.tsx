import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { nameOfSystem } from "~/images/systems";
import { useListState } from "~/table/state";
import { texts } from "./texts";

/** The systems there are images of, as the server groups them: a press shows only those. */
export function OsTiles({ view }: { view: "public" }) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const { number } = useFormat();
  const { state, setTokens } = useListState();
  const { data } = useQuery({
    queryKey: [...key, "images", "systems", view],
    queryFn: () => ok(api.GET("/api/v1/images/systems", { params: { query: { view } } })),
  });
  const systems = (data?.systems ?? []).flatMap(({ system, images }) =>
    system ? [[system, images] as const] : [],
  );
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
