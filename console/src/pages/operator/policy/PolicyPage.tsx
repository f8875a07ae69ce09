import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import Select from "@cloudscape-design/components/select";
import Toggle from "@cloudscape-design/components/toggle";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Help } from "~/shell/frame";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { Named } from "~/ui/Named";
import { Page } from "~/ui/Page";
import { useParamsPatch } from "~/ui/url";
import { ProfilePicker } from "./ProfilePicker";
import { ChangeRule, type ScopeOf, TakeBack } from "./RuleDialog";
import { texts } from "./texts";
import { usePolicyWords } from "./words";

type Rule = Schema<"PolicyRule">;
const SCOPES = ["installation", "region", "project"] as const;
const ORIGINS = ["profile", "configuration", "installation", "region", "project"] as const;
const keyOf = (rule: Rule) => rule.key;

/** Sets a rule on the command line to what it is now, for changing. */
function commandOf({ key, value }: Rule, { scope, id }: ScopeOf): string {
  const where = { installation: "", region: ` --in-region ${id}`, project: ` --of-project ${id}` }[scope];
  return `lend policy set ${key}=${value ?? "none"}${where}`;
}

/** Every rule of the cloud, at each scope. */
export default function PolicyPage() {
  const t = useTexts(texts);
  const words = usePolicyWords();
  const { api, region } = usePlace();
  const client = useQueryClient();
  const [params] = useSearchParams();
  const patch = useParamsPatch();
  const scope = SCOPES.find((one) => one === params.get("scope")) ?? "installation";
  const id = scope === "installation" ? null : (params.get("id") ?? (scope === "region" ? region : null));
  const onlyChanged = params.get("changed") === "yes";
  const at = useMemo((): ScopeOf => ({ scope, id }), [scope, id]);
  const isReady = scope === "installation" || Boolean(id);
  const [typedId, setTypedId] = useState(scope === "project" ? (id ?? "") : "");
  const [open, setOpen] = useState<{ rule: Rule; is: "change" | "back" }>();
  const read = useCallback(
    (signal?: AbortSignal) => {
      const query = { scope: at.scope, ...(at.id ? { id: at.id } : {}) };
      return ok(api.GET("/api/v1/policies", { params: { query }, signal }));
    },
    [api, at],
  );
  const { data: whole } = useQuery({
    queryKey: ["policy", "installation"],
    queryFn: () => ok(api.GET("/api/v1/policies")),
  });
  const { data: regions } = useQuery({
    queryKey: ["regions"],
    queryFn: () => ok(api.GET("/api/v1/regions")),
    staleTime: 300_000,
  });
  const load = useWhole<Rule>(
    useCallback(
      async (signal) =>
        (await read(signal)).rules.filter(
          (rule) =>
            !onlyChanged ||
            (at.scope === "installation" ? rule.origin !== "profile" : rule.origin === at.scope),
        ),
      [read, onlyChanged, at.scope],
    ),
    useCallback((rule) => [rule.key, words.rule(rule.key), words.value(rule.value)], [words]),
  );
  const changed = () => {
    void client.invalidateQueries({ queryKey: ["policy"] });
    void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[2] === "policy" });
  };
  const columns = useMemo(
    (): Column<Rule>[] => [
      {
        id: "rule",
        header: t("rule"),
        width: 330,
        cell: (rule) => (
          <span data-row>
            <span className="lg-row-name">{words.rule(rule.key)}</span>
            <div className="lg-muted lg-mono">{rule.key}</div>
          </span>
        ),
        csv: keyOf,
      },
      {
        id: "value",
        header: t("value"),
        minWidth: 160,
        cell: (rule) =>
          rule.origin === "profile" ? words.value(rule.value) : <strong>{words.value(rule.value)}</strong>,
        csv: (rule) => String(rule.value),
      },
      {
        id: "default",
        header: t("default"),
        minWidth: 150,
        cell: (rule) => words.value(rule.default),
        csv: (rule) => String(rule.default),
      },
      {
        id: "origin",
        header: t("origin"),
        cell: (rule) => {
          const known = ORIGINS.find((one) => one === rule.origin);
          return known ? t(`origin.${known}`) : rule.origin;
        },
        csv: (rule) => rule.origin,
      },
      {
        id: "by",
        header: t("by"),
        minWidth: 180,
        cell: (rule) =>
          rule.set_by ? (
            <>
              <Named id={rule.set_by} />
              {rule.set_at && (
                <div className="lg-muted">
                  <Ago at={rule.set_at} />
                </div>
              )}
            </>
          ) : (
            "–"
          ),
        csv: (rule) => (rule.set_by ? `${rule.set_by} ${rule.set_at ?? ""}` : ""),
      },
    ],
    [t, words],
  );
  const scopeBar = (
    <div className="lg-inline">
      <SegmentedControl
        label={t("scope")}
        selectedId={scope}
        options={SCOPES.map((one) => ({ id: one, text: t(`scope.${one}`) }))}
        onChange={({ detail }) =>
          patch({ scope: detail.selectedId === "installation" ? null : detail.selectedId, id: null })
        }
      />
      {scope === "region" && (
        <Select
          ariaLabel={t("chooseRegion")}
          selectedOption={id ? { value: id, label: id } : null}
          options={(regions?.regions ?? []).map((one) => ({
            value: one.id,
            label: one.id,
            description: one.name,
          }))}
          onChange={({ detail }) => patch({ id: detail.selectedOption.value ?? null })}
        />
      )}
      {scope === "project" && (
        <>
          <Input
            value={typedId}
            ariaLabel={t("projectId")}
            placeholder={t("projectId")}
            onChange={({ detail }) => setTypedId(detail.value)}
            onKeyDown={({ detail }) => {
              if (detail.key === "Enter") patch({ id: typedId.trim() || null });
            }}
          />
          <Button onClick={() => patch({ id: typedId.trim() || null })}>{t("show")}</Button>
        </>
      )}
    </div>
  );
  return (
    <Page title={t("title")} path="/operator/policy" text={t("text")}>
      {whole && <ProfilePicker now={whole.profile} changed={changed} />}
      {isReady ? (
        <List<Rule>
          id="policy"
          title={t("rules")}
          queryKey={[
            "policy",
            "rules",
            scope,
            id ?? "",
            onlyChanged ? "changed" : "",
            words.rule("tags.max"),
          ]}
          load={load}
          rowId={keyOf}
          rowName={keyOf}
          columns={columns}
          filters={[]}
          above={scopeBar}
          tools={
            <Toggle
              checked={onlyChanged}
              onChange={({ detail }) =>
                patch({ changed: detail.checked ? "yes" : null, page: null, marker: null })
              }
            >
              {t("onlyChanged")}
            </Toggle>
          }
          quick={(rule) => [
            {
              id: "change",
              text: t("change"),
              refused: rule.is_locked ? t("locked") : undefined,
              run: () => setOpen({ rule, is: "change" }),
            },
          ]}
          menu={(rule) => [
            {
              id: "back",
              text: t("takeBack"),
              refused: rule.origin === scope ? undefined : t("notChanged"),
              run: () => setOpen({ rule, is: "back" }),
            },
          ]}
          cli={(rule) => commandOf(rule, at)}
          empty={<Empty title={t("empty")} />}
        />
      ) : (
        <>
          {scopeBar}
          <Empty title={t("needProject")} />
        </>
      )}
      {open?.is === "change" && (
        <ChangeRule rule={open.rule} at={at} close={() => setOpen(undefined)} changed={changed} />
      )}
      {open?.is === "back" && (
        <TakeBack rule={open.rule} at={at} close={() => setOpen(undefined)} changed={changed} />
      )}
      <Help title={t("help.title")}>
        <p>{t("help.order")}</p>
        <p>{t("help.ceilings")}</p>
      </Help>
    </Page>
  );
}
