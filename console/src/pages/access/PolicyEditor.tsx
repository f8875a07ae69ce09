import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import SpaceBetween from "@cloudscape-design/components/space-between";
import TokenGroup from "@cloudscape-design/components/token-group";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useUsers } from "~/api/names";
import type { Schema } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { to } from "~/shell/links";
import { toast } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { useRefusal } from "~/ui/may";
import { Page } from "~/ui/Page";
import { useActions, useRoleWord } from "./queries";
import {
  type Effect,
  groupOf,
  NOTHING,
  patternFor,
  patternOf,
  statementsOf,
  type Ticked,
  tickedOf,
  toggled,
} from "./statements";
import { texts } from "./texts";

type Action = Schema<"AccessAction">;
const EFFECTS = ["allow", "deny"] as const;

/** Action check boxes: what the policy gives and takes, and for whom. */
export function PolicyEditor({ policy }: { policy?: Schema<"AccessPolicyView"> }) {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key, path } = usePlace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const role = useRefusal("ims:access:manage");
  const { data: users } = useUsers();
  const { data: known, error } = useActions();
  const [name, setName] = useState(policy?.name ?? "");
  const [chosen, setChosen] = useState<string[]>(policy?.users ?? []);
  const [ticked, setTicked] = useState<Ticked>(policy ? tickedOf(policy.statements) : NOTHING);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const actions = (known?.actions ?? []).filter((one) => one.role !== "operator");
  const groups = [...new Set(actions.map((one) => groupOf(one.action)))].map((group) => ({
    group,
    actions: actions.filter((one) => groupOf(one.action) === group),
  }));
  const shown = new Set(actions.flatMap((one) => [one.action, patternOf(one.action)]));
  const statements = statementsOf(ticked);
  const refused =
    role ??
    (name.trim() === "" ? t("nameMissing") : statements.length === 0 ? t("nothingChosen") : undefined);
  const save = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      const body = { name: name.trim(), statements, users: chosen };
      await (policy
        ? ok(api.PUT("/api/v1/access/policies/{id}", { params: { path: { id: policy.id } }, body }))
        : ok(api.POST("/api/v1/access/policies", { body })));
      void client.invalidateQueries({ queryKey: [...key, "access"] });
      void client.invalidateQueries({ queryKey: [...key, "me"] });
      toast({ kind: "success", text: t("saved", { name: body.name }) });
      void navigate(path("access/policies"));
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  const userOption = (id: string) => {
    const user = users?.users.find((one) => one.id === id);
    return { value: id, label: user?.name ?? id, description: user?.roles.join(", ") };
  };
  return (
    <Page
      title={policy?.name ?? t("newTitle")}
      path={path(`access/policies/${policy?.id ?? "new"}`)}
      parents={[
        { text: t("title"), href: path("access") },
        { text: t("policies"), href: path("access/policies") },
      ]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="link" href={to(path("access/policies"))}>
            {w("act.cancel")}
          </Button>
          <Button
            variant="primary"
            loading={isBusy}
            disabled={refused !== undefined}
            disabledReason={refused}
            onClick={() => void save()}
          >
            {w("act.save")}
          </Button>
        </SpaceBetween>
      }
    >
      {failure !== undefined && <Failure error={failure} />}
      <Container>
        <SpaceBetween size="m">
          <FormField label={t("name")}>
            <Input value={name} ariaRequired onChange={({ detail }) => setName(detail.value)} />
          </FormField>
          <FormField label={t("for")} constraintText={t("usersHint")}>
            <Multiselect
              filteringType="auto"
              placeholder={t("chooseUsers")}
              selectedOptions={chosen.map(userOption)}
              options={(users?.users ?? []).map(({ id }) => userOption(id))}
              onChange={({ detail }) => setChosen(detail.selectedOptions.flatMap((one) => one.value ?? []))}
            />
          </FormField>
        </SpaceBetween>
      </Container>
      <Container header={<Header variant="h2">{t("statements")}</Header>}>
        <SpaceBetween size="m">
          <Alert type="info">{t("denyWins")}</Alert>
          {error && <Failure error={error} />}
          {EFFECTS.map((effect) => {
            const others = [...ticked[effect]].filter((word) => !shown.has(word));
            if (others.length === 0) return null;
            return (
              <FormField key={effect} label={`${t("patterns")}: ${t(effect)}`}>
                <TokenGroup
                  items={others.map((word) => ({
                    label: word,
                    dismissLabel: t("dropPattern", { pattern: word }),
                  }))}
                  onDismiss={({ detail }) =>
                    setTicked((now) => toggled(now, effect, others[detail.itemIndex] ?? ""))
                  }
                />
              </FormField>
            );
          })}
          <div className="lg-table-wide">
            <table className="lg-table">
              <thead>
                <tr>
                  <th scope="col">{t("action")}</th>
                  <th scope="col">{t("leastRole")}</th>
                  <th scope="col">{t("allow")}</th>
                  <th scope="col">{t("deny")}</th>
                </tr>
              </thead>
              {groups.map(({ group, actions }) => (
                <Group key={group} group={group} actions={actions} ticked={ticked} change={setTicked} />
              ))}
            </table>
          </div>
        </SpaceBetween>
      </Container>
    </Page>
  );
}

function Group({
  group,
  actions,
  ticked,
  change,
}: {
  group: string;
  actions: Action[];
  ticked: Ticked;
  change: (next: Ticked) => void;
}) {
  const t = useTexts(texts);
  const roleWord = useRoleWord();
  const pattern = actions[0] ? patternOf(actions[0].action) : "";
  const key = `group.${group}` as keyof typeof texts.entries & `group.${string}`;
  const box = (effect: Effect, word: string, text: string) => {
    const by = patternFor(ticked[effect], word);
    return (
      <td key={effect} title={by && t("byPattern", { pattern: by })}>
        <Checkbox
          checked={by !== undefined || ticked[effect].has(word)}
          disabled={by !== undefined}
          ariaLabel={t(effect === "allow" ? "tickAllow" : "tickDeny", { action: text })}
          onChange={() => change(toggled(ticked, effect, word))}
        />
      </td>
    );
  };
  const isBoth = (word: string) =>
    EFFECTS.every((effect) => ticked[effect].has(word) || patternFor(ticked[effect], word));
  return (
    <tbody>
      {actions.length > 1 && (
        <tr className="lg-table-group">
          <th scope="rowgroup" colSpan={2}>
            <strong>{key in texts.entries ? t(key) : group}</strong>{" "}
            <span className="lg-muted">{t("all", { pattern })}</span>
          </th>
          {EFFECTS.map((effect) => box(effect, pattern, pattern))}
        </tr>
      )}
      {actions.map((one) => (
        <tr key={one.action}>
          <th scope="row">
            {one.text} <span className="lg-muted lg-mono">{one.action}</span>
            {isBoth(one.action) && <div className="lg-muted">{t("both")}</div>}
          </th>
          <td>{roleWord(one.role)}</td>
          {EFFECTS.map((effect) => box(effect, one.action, one.text))}
        </tr>
      ))}
    </tbody>
  );
}
