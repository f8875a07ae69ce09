import "~/images/images.css";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import { toApiError } from "~/api/errors";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useImage, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { useFirstFocus } from "~/ui/focus";
import { Confirm } from "../Confirm";
import {
  DESCRIPTION_MAX,
  descriptionProblem,
  diskProblem,
  fieldOf,
  memoryProblem,
  nameProblem,
  wholeProblem,
} from "../fields/fields";
import { fieldTexts } from "../fields/texts";
import { type Form, formOf, patchOf } from "./patch";
import { texts } from "./texts";

const AT = {
  name: "name",
  description: "description",
  "property value": "description",
  min_disk_gib: "minDisk",
  min_ram_mib: "minMemory",
  max_ram: "maxMemory",
} as const;
type Field = (typeof AT)[keyof typeof AT];
const ARCHITECTURES = ["x86_64", "aarch64"];
const BOOTS = ["bios", "uefi"];

/** Changes what the record of an image says. */
export default function ModifyDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { data, error, isPending, refetch } = useImage(ids[0] ?? "");
  if (data && data.id === ids[0]) return <Modify image={data} close={close} />;
  return (
    <Confirm title={w("act.modify")} verb={w("act.save")} run={async () => {}} close={close} refused="">
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <Spinner />
      ) : (
        t("nothing")
      )}
    </Confirm>
  );
}

function Modify({ image, close }: { image: Image; close: () => void }) {
  const t = useTexts(texts);
  const f = useTexts(fieldTexts);
  const w = useWords();
  const { api } = usePlace();
  const rule = usePolicy();
  const refresh = useRefresh();
  const first = useFirstFocus();
  // The record as it was when the dialog was opened: what comes meanwhile does not change what is typed.
  const [before] = useState(image);
  const [form, setForm] = useState<Form>(() => formOf(image));
  const [refused, setRefused] = useState<Partial<Record<Field, string>>>({});
  const set = (change: Partial<Form>) => {
    setForm((now) => ({ ...now, ...change }));
    setRefused({});
  };
  const old = formOf(before);
  const problems: Partial<Record<Field, string>> = {
    name: form.name === old.name ? undefined : nameProblem(form.name, rule, f),
    description: form.description === old.description ? undefined : descriptionProblem(form.description, f),
    minDisk:
      form.minDisk === old.minDisk ? undefined : diskProblem(form.minDisk, before.virtual_size_bytes, f),
    minMemory: wholeProblem(form.minMemory, f),
    maxMemory: memoryProblem(form.minMemory, form.maxMemory, f),
  };
  const wrong = Object.values(problems).find(Boolean);
  const patch = wrong ? {} : patchOf(before, form);
  const run = async () => {
    await ok(api.PATCH("/api/v1/images/{id}", { params: { path: { id: image.id } }, body: patch }));
    refresh();
    toast({ kind: "success", text: t("done", { image: form.name || image.id }) });
  };
  const place = (error: unknown) => {
    const field = fieldOf(error, AT);
    if (field) setRefused({ [field]: toApiError(error).message });
    return field !== undefined;
  };
  const select = (values: string[], now: string) => {
    const all = now && !values.includes(now) ? [...values, now] : values;
    return [{ value: "", label: t("unset") }, ...all.map((value) => ({ value, label: value }))];
  };
  const archs = select(ARCHITECTURES, old.arch);
  const boots = select(BOOTS, old.boot);
  const isServer = image.kind === "full_server";
  return (
    <Confirm
      title={t("title", { image: nameOf(image) })}
      verb={w("act.save")}
      size="large"
      run={run}
      place={place}
      close={close}
      refused={refusal(image, "update") ?? wrong ?? (Object.keys(patch).length ? undefined : t("nothing"))}
    >
      <FormField stretch label={f("name")} errorText={problems.name ?? refused.name}>
        <Input ref={first} value={form.name} onChange={({ detail }) => set({ name: detail.value })} />
      </FormField>
      <FormField
        stretch
        label={f("description")}
        errorText={problems.description ?? refused.description}
        constraintText={t("count", { n: [...form.description].length, max: DESCRIPTION_MAX })}
      >
        <Input value={form.description} onChange={({ detail }) => set({ description: detail.value })} />
      </FormField>
      <div className="lg-fields">
        <FormField label={t("os")}>
          <Input placeholder="ubuntu" value={form.os} onChange={({ detail }) => set({ os: detail.value })} />
        </FormField>
        <FormField label={t("version")}>
          <Input value={form.version} onChange={({ detail }) => set({ version: detail.value })} />
        </FormField>
        <FormField label={t("arch")}>
          <Select
            expandToViewport
            options={archs}
            selectedOption={archs.find(({ value }) => value === form.arch) ?? null}
            onChange={({ detail }) => set({ arch: detail.selectedOption.value ?? "" })}
          />
        </FormField>
        <FormField label={t("boot")}>
          <Select
            expandToViewport
            options={boots}
            selectedOption={boots.find(({ value }) => value === form.boot) ?? null}
            onChange={({ detail }) => set({ boot: detail.selectedOption.value ?? "" })}
          />
        </FormField>
        {!isServer && (
          <FormField label={t("minDisk")} errorText={problems.minDisk ?? refused.minDisk}>
            <Input
              type="number"
              inputMode="numeric"
              value={form.minDisk}
              onChange={({ detail }) => set({ minDisk: detail.value })}
            />
          </FormField>
        )}
        <FormField label={w("field.minMemory")} errorText={problems.minMemory ?? refused.minMemory}>
          <Input
            type="number"
            inputMode="numeric"
            value={form.minMemory}
            onChange={({ detail }) => set({ minMemory: detail.value })}
          />
        </FormField>
        <FormField
          label={t("maxMemory")}
          errorText={problems.maxMemory ?? refused.maxMemory}
          constraintText={t("zeroNone")}
        >
          <Input
            type="number"
            inputMode="numeric"
            value={form.maxMemory}
            onChange={({ detail }) => set({ maxMemory: detail.value })}
          />
        </FormField>
      </div>
      <Checkbox checked={form.queues} onChange={({ detail }) => set({ queues: detail.checked })}>
        {t("queues")}
      </Checkbox>
    </Confirm>
  );
}
