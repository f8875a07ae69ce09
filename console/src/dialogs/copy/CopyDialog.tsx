import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { placePath, usePlace, usePolicy } from "~/api/context";
import { toApiError } from "~/api/errors";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useImage, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { Confirm } from "../Confirm";
import { fieldOf, nameProblem } from "../fields/fields";
import { fieldTexts } from "../fields/texts";
import { texts } from "./texts";

const AT = {
  region: "region",
  REGION_NOT_FOUND: "region",
  project: "project",
  COPY_PROJECT_NEEDED: "project",
  PROJECT_NOT_FOUND: "project",
  TENANT_NOT_IN_REGION: "project",
  ROLE_TOO_WEAK: "project",
  PRIVATE_IMAGE_QUOTA: "project",
  name: "name",
} as const;
type Field = (typeof AT)[keyof typeof AT];

/** Copies an image into another region. */
export default function CopyDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const f = useTexts(fieldTexts);
  const w = useWords();
  const { api, region: here } = usePlace();
  const rule = usePolicy();
  const refresh = useRefresh();
  const { projects } = useSession();
  const { data: image, error, refetch } = useImage(ids[0] ?? "");
  const { data: known, isPending } = useQuery({
    queryKey: ["regions"],
    queryFn: async () => (await ok(api.GET("/api/v1/regions"))).regions,
    staleTime: 600_000,
  });
  const [region, setRegion] = useState<string>();
  const [project, setProject] = useState<string>();
  const [typed, setTyped] = useState<string>();
  const [refused, setRefused] = useState<Partial<Record<Field, string>>>({});

  const regions = (known ?? []).filter(({ id }) => id !== here);
  const target = region ?? (regions.length === 1 ? regions[0]?.id : undefined);
  const there = projects.filter((one) => target && (one.region ?? target) === target);
  const owner = there.find(({ id }) => id === project) ?? (there.length === 1 ? there[0] : undefined);
  const name = typed ?? image?.name ?? "";
  const problems: Partial<Record<Field, string>> = {
    region: target ? undefined : t(regions.length ? "chooseRegion" : "noRegion"),
    project:
      target && there.length === 0
        ? t("noProject", { region: target })
        : owner?.role === "reader"
          ? t("reader", { project: owner.name })
          : owner || !target
            ? undefined
            : t("chooseProject"),
    name: typed === undefined && !name ? undefined : nameProblem(name, rule, f),
  };
  const blocked =
    isPending || !image ? "" : (refusal(image, "replicate") ?? Object.values(problems).find(Boolean));
  const run = async () => {
    setRefused({});
    if (!image || !target || !owner) return;
    const made = await ok(
      api.POST("/api/v1/images/{id}/copy", {
        params: { path: { id: image.id } },
        body: { region: target, project: owner.id, name },
      }),
    );
    refresh();
    toast({
      kind: "success",
      text: t("done", { image: nameOf(image), region: target }),
      action: {
        text: w("act.view"),
        href: placePath({ region: target, project: owner.id }, `images/${made.image}/summary`),
      },
    });
  };
  const place = (error: unknown) => {
    const field = fieldOf(error, AT);
    if (field) setRefused({ [field]: toApiError(error).message });
    return field !== undefined;
  };
  const regionOptions = regions.map(({ id, name }) => ({ value: id, label: id, description: name }));
  const projectOptions = there.map((one) => ({ value: one.id, label: one.name, description: one.id }));
  return (
    <Confirm
      title={image ? t("title", { image: nameOf(image) }) : w("act.copy")}
      verb={w("act.copy")}
      run={run}
      place={place}
      close={close}
      refused={blocked}
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      <div>{t("body")}</div>
      {isPending ? (
        <Spinner />
      ) : (
        <SpaceBetween size="m">
          <FormField
            stretch
            label={t("region")}
            errorText={regions.length === 0 ? problems.region : refused.region}
          >
            <Select
              expandToViewport
              options={regionOptions}
              selectedOption={regionOptions.find(({ value }) => value === target) ?? null}
              placeholder={t("chooseRegion")}
              onChange={({ detail }) => {
                setRegion(detail.selectedOption.value);
                setProject(undefined);
                setRefused({});
              }}
            />
          </FormField>
          <FormField
            stretch
            label={t("project")}
            errorText={
              refused.project ?? (owner || (target && there.length === 0) ? problems.project : undefined)
            }
          >
            <Select
              expandToViewport
              disabled={there.length === 0}
              options={projectOptions}
              selectedOption={projectOptions.find(({ value }) => value === owner?.id) ?? null}
              placeholder={t("chooseProject")}
              onChange={({ detail }) => {
                setProject(detail.selectedOption.value);
                setRefused({});
              }}
            />
          </FormField>
          <FormField stretch label={t("name")} errorText={problems.name ?? refused.name}>
            <Input value={name} onChange={({ detail }) => setTyped(detail.value)} />
          </FormField>
        </SpaceBetween>
      )}
    </Confirm>
  );
}
