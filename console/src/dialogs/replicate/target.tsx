import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { createApi, ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Context } from "~/api/send";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { texts } from "./texts";

interface Refused {
  region?: string;
  project?: string;
}

/** Where copies go to: this project, or one of the user's in another region. */
export interface Target {
  /** Nothing while it is not chosen. */
  place: Context | undefined;
  isHere: boolean;
  /** Why it cannot be the one that is chosen. */
  problem: string | undefined;
  isPending: boolean;
  /** Its fields, where there is something to choose. */
  fields: (refused: Refused, changed: () => void) => ReactNode;
}

export function useTarget(isElsewhere: boolean): Target {
  const t = useTexts(texts);
  const { api, region: here, project: mine } = usePlace();
  const { projects } = useSession();
  const { data: known, isPending } = useQuery({
    queryKey: ["regions"],
    queryFn: async () => (await ok(api.GET("/api/v1/regions"))).regions,
    staleTime: 600_000,
  });
  const [region, setRegion] = useState<string>();
  const [project, setProject] = useState<string>();

  const others = (known ?? []).filter(({ id }) => id !== here);
  const only = others.length === 1 ? others[0]?.id : undefined;
  const target = region ?? (isElsewhere ? only : here);
  const isHere = target === here;
  const there = projects.filter((one) => target && (one.region ?? target) === target);
  const owner = there.find(({ id }) => id === project) ?? (there.length === 1 ? there[0] : undefined);
  const noProject = target && there.length === 0 ? t("noProject", { region: target }) : undefined;
  const reader = owner?.role === "reader" ? t("reader", { project: owner.name }) : undefined;
  const unchosen = owner ? undefined : t("chooseProject");
  const problem = isHere
    ? undefined
    : target
      ? (noProject ?? reader ?? unchosen)
      : t(others.length ? "chooseRegion" : "noRegion");

  const regions = (known ?? [])
    .filter(({ id }) => id !== here || !isElsewhere)
    .map(({ id, name }) => ({
      value: id,
      label: id,
      description: id === here ? t("thisProject") : name,
    }));
  const owners = there.map((one) => ({ value: one.id, label: one.name, description: one.id }));
  const fields = (refused: Refused, changed: () => void) => (
    <SpaceBetween size="m">
      <FormField
        stretch
        label={t("region")}
        errorText={isElsewhere && others.length === 0 ? t("noRegion") : refused.region}
      >
        <Select
          expandToViewport
          options={regions}
          selectedOption={regions.find(({ value }) => value === target) ?? null}
          placeholder={t("chooseRegion")}
          onChange={({ detail }) => {
            setRegion(detail.selectedOption.value);
            setProject(undefined);
            changed();
          }}
        />
      </FormField>
      {!isHere && (
        <FormField stretch label={t("project")} errorText={refused.project ?? noProject ?? reader}>
          <Select
            expandToViewport
            disabled={there.length === 0}
            options={owners}
            selectedOption={owners.find(({ value }) => value === owner?.id) ?? null}
            placeholder={t("chooseProject")}
            onChange={({ detail }) => {
              setProject(detail.selectedOption.value);
              changed();
            }}
          />
        </FormField>
      )}
    </SpaceBetween>
  );
  return {
    place: isHere
      ? { region: here, project: mine }
      : owner && target
        ? { region: target, project: owner.id }
        : undefined,
    isHere,
    problem,
    isPending,
    fields: (refused, changed) => (isElsewhere || others.length > 0 ? fields(refused, changed) : null),
  };
}

/** How many more private images a project may have, as the server says: `null` where there is no limit. */
export function useRoom(place: Context | undefined): number | null | undefined {
  const { data } = useQuery({
    queryKey: [place?.region, place?.project, "quota"],
    queryFn: () => ok(createApi(place).GET("/api/v1/quota")),
    enabled: place !== undefined,
    // That of another project says nothing.
    placeholderData: undefined,
  });
  const own = data?.private_images;
  if (!place || !own) return undefined;
  return typeof own.limit === "number" ? Math.max(0, own.limit - own.used) : null;
}
