import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useNameRule } from "./checks";
import type { Draft } from "./draft";
import { NameState } from "./Source";
import { texts } from "./texts";
import type { StepProps } from "./types";

type TextField = { [K in keyof Draft]: Draft[K] extends string ? K : never }[keyof Draft];

/** Step 2: how it is called, and what it needs. */
export function Details({ draft, change, wrong, isTried }: StepProps) {
  const t = useTexts(texts);
  const w = useWords();
  const rule = useNameRule();
  const isServer = draft.kind === "full_server";
  const input = (field: TextField, type: "text" | "number" = "text") => (
    <Input
      value={draft[field]}
      type={type}
      inputMode={type === "number" ? "numeric" : undefined}
      onChange={({ detail }) => change({ [field]: detail.value })}
    />
  );
  const select = (field: TextField, options: { value: string; label: string }[]) => (
    <Select
      selectedOption={options.find(({ value }) => value === draft[field]) ?? null}
      options={options}
      onChange={({ detail }) => change({ [field]: detail.selectedOption.value ?? "" })}
    />
  );
  const none = { value: "", label: t("notSaid") };
  const optional = (text: string) => (
    <>
      {text} – <i>{t("optional")}</i>
    </>
  );
  return (
    <Container header={<Header variant="h2">{t("step.details")}</Header>}>
      <SpaceBetween size="l">
        <FormField
          label={t("name")}
          constraintText={rule.hint}
          errorText={isTried || draft.name ? wrong.name : undefined}
        >
          {input("name")}
        </FormField>
        <NameState name={draft.name} />
        <FormField label={optional(t("description"))} errorText={wrong.description} stretch>
          {input("description")}
        </FormField>
        <FormField label={optional(t("tags"))} description={t("tagsHint")} errorText={wrong.tags}>
          {input("tags")}
        </FormField>
        {!isServer && (
          <div className="lg-fields">
            {draft.kind !== "data" && (
              <>
                <FormField label={optional(t("osType"))}>
                  {select("osType", [
                    none,
                    { value: "linux", label: "Linux" },
                    { value: "windows", label: "Windows" },
                    { value: "other", label: t("other") },
                  ])}
                </FormField>
                <FormField label={optional(t("arch"))}>
                  {select("arch", [
                    none,
                    { value: "x86_64", label: "x86_64" },
                    { value: "aarch64", label: "aarch64" },
                  ])}
                </FormField>
                <FormField label={optional(t("os"))}>{input("os")}</FormField>
                <FormField label={optional(t("osVersion"))}>{input("osVersion")}</FormField>
                <FormField
                  label={optional(t("firmware"))}
                  constraintText={
                    draft.probe?.firmware && draft.probe.firmware === draft.firmware
                      ? t("firmwareFound")
                      : undefined
                  }
                >
                  {select("firmware", [
                    none,
                    { value: "bios", label: "BIOS" },
                    { value: "uefi", label: "UEFI" },
                  ])}
                </FormField>
                <FormField label={optional(w("field.minMemory"))} errorText={wrong.memory}>
                  {input("memory", "number")}
                </FormField>
              </>
            )}
            <FormField label={optional(t("disk"))} constraintText={t("diskHint")} errorText={wrong.disk}>
              {input("disk", "number")}
            </FormField>
          </div>
        )}
      </SpaceBetween>
    </Container>
  );
}
