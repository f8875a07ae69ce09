import Select from "@cloudscape-design/components/select";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useListState } from "~/table/state";
import type { Query } from "~/table/types";
import { nameOfSystem } from "./systems";
import { imageTexts } from "./texts";

/** What a list has of each system changes slowly, and is counted over all its images. */
const FRESH_MS = 60_000;

/** Only the images of one system, out of those that a list has: they are counted when somebody is about to choose. */
export function OsSelect({ of }: { of: Query }) {
  const t = useTexts(imageTexts);
  const w = useWords();
  const { api, key } = usePlace();
  const { state, setTokens } = useListState();
  const [isWanted, setWanted] = useState(false);
  const { data, isFetching } = useQuery({
    queryKey: [...key, "systems", of],
    queryFn: () => ok(api.GET("/api/v1/images/systems", { params: { query: of as object } })),
    enabled: isWanted,
    staleTime: FRESH_MS,
  });
  const others = state.tokens.filter((token) => token.key !== "os");
  const chosen = state.tokens.find((token) => token.key === "os")?.value ?? "";
  const known = (data?.systems ?? []).flatMap(({ system, images }) =>
    system ? [{ value: system, label: nameOfSystem(system), labelTag: String(images) }] : [],
  );
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
      statusType={isFetching && !data ? "loading" : "finished"}
      onFocus={() => setWanted(true)}
      onChange={({ detail }) => {
        const value = detail.selectedOption.value ?? "";
        setTokens(value ? [...others, { key: "os", operator: "=", value }] : others);
      }}
    />
  );
}
