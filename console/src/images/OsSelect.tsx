import Select from "@cloudscape-design/components/select";
import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useListState } from "~/table/state";
import type { Query } from "~/table/types";
import { nameOfSystem } from "./systems";
import { imageTexts } from "./texts";

/** Only the images of one system, out of those that a list has; nothing where none says what it runs. */
export function OsSelect({ of }: { of: Query }) {
  const t = useTexts(imageTexts);
  const w = useWords();
  const { api, key } = usePlace();
  const { state, setTokens } = useListState();
  const { data } = useQuery({
    queryKey: [...key, "images", "systems", of],
    queryFn: () => ok(api.GET("/api/v1/images/systems", { params: { query: of as object } })),
  });
  const others = state.tokens.filter((token) => token.key !== "os");
  const chosen = state.tokens.find((token) => token.key === "os")?.value ?? "";
  const known = (data?.systems ?? []).flatMap(({ system, images }) =>
    system ? [{ value: system, label: nameOfSystem(system), labelTag: String(images) }] : [],
  );
  if (known.length === 0 && !chosen) return null;
  const any = { value: "", label: w("filter.os") };
  const options = [any, ...known];
  return (
    <Select
      ariaLabel={t("os")}
      expandToViewport
      selectedOption={
        options.find(({ value }) => value === chosen) ?? { value: chosen, label: nameOfSystem(chosen) }
      }
      options={options}
      onChange={({ detail }) => {
        const value = detail.selectedOption.value ?? "";
        setTokens(value ? [...others, { key: "os", operator: "=", value }] : others);
      }}
    />
  );
}
