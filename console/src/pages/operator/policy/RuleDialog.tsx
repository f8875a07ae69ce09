import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { useDeferredValue, useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { toast } from "~/shell/messages";
import { Effects, useEffects } from "./Effects";
import { texts } from "./texts";
import { usePolicyWords } from "./words";

type Rule = Schema<"PolicyRule">;
export interface ScopeOf {
  scope: "installation" | "region" | "project";
  id: string | null;
}
interface Props {
  rule: Rule;
  at: ScopeOf;
  close: () => void;
  changed: () => void;
}

/** What is typed, as a value of the key; undefined while it is none. */
export function readValue(rule: Pick<Rule, "type">, typed: string, isFree: boolean): unknown {
  if (rule.type === "flag") return typed === "true";
  if (rule.type === "number") {
    if (isFree) return null;
    return /^\d{1,15}$/.test(typed.trim()) ? Number(typed) : undefined;
  }
  if (rule.type === "text") return /^[a-z_,]+$/.test(typed) ? typed : undefined;
  return typed;
}

/** Changes one key at a scope, after saying what comes of it. */
export function ChangeRule({ rule, at, close, changed }: Props) {
  const t = useTexts(texts);
  const w = useWords();
  const words = usePolicyWords();
  const { api } = usePlace();
  const [typed, setTyped] = useState(rule.value === null ? "" : String(rule.value));
  const [isFree, setFree] = useState(rule.value === null);
  const value = useDeferredValue(readValue(rule, typed, isFree));
  const isBad = value === undefined;
  const send = (dryRun: boolean) =>
    ok(
      api.PUT("/api/v1/policies/{key}", {
        params: { path: { key: rule.key } },
        body: { value, ...at, dry_run: dryRun } as never,
      }),
    );
  const effects = useEffects([rule.key, at, value], () => send(true), !isBad);
  const problem = isBad ? t(rule.type === "number" ? "numberBad" : "textBad") : undefined;
  const name = words.rule(rule.key);
  return (
    <Confirm
      title={t("changeTitle", { rule: name })}
      verb={w("act.save")}
      close={close}
      refused={problem ?? (effects.data?.changed.length === 0 ? t("same") : undefined)}
      run={async () => {
        await send(false);
        toast({ kind: "success", text: t("saved", { rule: name }) });
        changed();
      }}
    >
      <FormField
        label={name}
        description={rule.key}
        constraintText={`${t("default")}: ${words.value(rule.default)}`}
        errorText={typed !== "" ? problem : undefined}
      >
        {rule.type === "flag" || rule.type === "word" ? (
          <RadioGroup
            value={typed}
            items={(rule.type === "flag" ? ["true", "false"] : (rule.words ?? [])).map((one) => ({
              value: one,
              label: words.value(rule.type === "flag" ? one === "true" : one),
            }))}
            onChange={({ detail }) => setTyped(detail.value)}
          />
        ) : (
          <Input
            value={isFree ? "" : typed}
            disabled={isFree}
            inputMode={rule.type === "number" ? "numeric" : "text"}
            onChange={({ detail }) => setTyped(detail.value)}
          />
        )}
      </FormField>
      {rule.is_nullable && (
        <Checkbox checked={isFree} onChange={({ detail }) => setFree(detail.checked)}>
          {t("noLimit")}
        </Checkbox>
      )}
      <Effects {...effects} />
    </Confirm>
  );
}

/** Takes the change of one key at a scope back, after saying what comes of it. */
export function TakeBack({ rule, at, close, changed }: Props) {
  const t = useTexts(texts);
  const words = usePolicyWords();
  const { api } = usePlace();
  const send = (dryRun: boolean) =>
    ok(
      api.DELETE("/api/v1/policies/{key}", {
        params: {
          path: { key: rule.key },
          query: { scope: at.scope, ...(at.id ? { id: at.id } : {}), dry_run: dryRun },
        },
      }),
    );
  const effects = useEffects([rule.key, at, "back"], () => send(true));
  const name = words.rule(rule.key);
  return (
    <Confirm
      title={t("backTitle", { rule: name })}
      verb={t("takeBack")}
      close={close}
      run={async () => {
        await send(false);
        toast({ kind: "success", text: t("saved", { rule: name }) });
        changed();
      }}
    >
      <div>{t("backText", { value: words.value(rule.inherited) })}</div>
      <Effects {...effects} />
    </Confirm>
  );
}
