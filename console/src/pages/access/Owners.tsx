import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { tellFailure } from "~/images/queries";
import { toast } from "~/shell/messages";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { useFirstFocus } from "~/ui/focus";
import { useRefusal } from "~/ui/may";
import { Named } from "~/ui/Named";
import { ownerTexts } from "./owner-texts";
import { texts } from "./texts";

type Rule = Schema<"RuleView">;
type Verdict = Rule["verdict"];
const KEY = ["rules", "list"];
const idOf = (rule: Rule) => `${rule.for_account ? "account" : "project"}/${rule.owner}`;
const ownerOf = (rule: Rule) => rule.owner;
const wordsOf = (rule: Rule) => [rule.owner];

/** Standing rules: whose offers are taken or refused without asking. */
export function Owners() {
  const a = useTexts(texts);
  const t = useTexts(ownerTexts);
  const { api, key } = usePlace();
  const client = useQueryClient();
  const refused = useRefusal("ims:shares:rules");
  const [isAdding, setAdding] = useState(false);
  const changed = () => {
    for (const what of ["rules", "shares", "images"])
      void client.invalidateQueries({ queryKey: [...key, what] });
  };
  const load = useWhole<Rule>(
    useCallback(async (signal) => (await ok(api.GET("/api/v1/rules", { signal }))).rules, [api]),
    wordsOf,
  );
  const columns = useMemo(
    (): Column<Rule>[] => [
      {
        id: "owner",
        header: t("owner"),
        minWidth: 200,
        cell: (rule) => <Named id={rule.owner} isTenant />,
        csv: ownerOf,
      },
      {
        id: "kind",
        header: t("kind"),
        cell: (rule) => t(`kind.${rule.owner_kind}`),
        csv: (rule) => rule.owner_kind,
      },
      {
        id: "verdict",
        header: t("verdict"),
        minWidth: 210,
        cell: (rule) => (
          <StatusIndicator type={rule.verdict === "accept" ? "success" : "stopped"}>
            {t(rule.verdict)}
          </StatusIndicator>
        ),
        csv: (rule) => rule.verdict,
      },
      {
        id: "for",
        header: t("for"),
        minWidth: 140,
        cell: (rule) => t(rule.for_account ? "for.account" : "for.project"),
        csv: (rule) => (rule.for_account ? "account" : "project"),
      },
      { id: "by", header: t("by"), cell: (rule) => <Named id={rule.set_by} />, csv: (rule) => rule.set_by },
      {
        id: "created",
        header: t("created"),
        cell: (rule) => <Ago at={rule.created_at} />,
        csv: (rule) => rule.created_at,
      },
    ],
    [t],
  );
  const set = async (owner: string, verdict: Verdict, forAccount: boolean) => {
    await ok(
      api.PUT("/api/v1/rules/{owner}", {
        params: { path: { owner } },
        body: { verdict, for_account: forAccount },
      }),
    );
    toast({ kind: "success", text: t("saved") });
    changed();
  };
  const forget = (rule: Rule) =>
    ok(
      api.DELETE("/api/v1/rules/{owner}", {
        params: { path: { owner: rule.owner }, query: { for_account: rule.for_account } },
      }),
    )
      .then(() => toast({ kind: "success", text: t("forgotten", { owner: rule.owner }) }))
      .catch(tellFailure)
      .finally(changed);
  const add = (
    <Button
      variant="primary"
      disabled={refused !== undefined}
      disabledReason={refused}
      onClick={() => setAdding(true)}
    >
      {t("add")}
    </Button>
  );
  return (
    <>
      <List<Rule>
        id="access-owners"
        title={a("owners")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={ownerOf}
        copyId={ownerOf}
        columns={columns}
        filters={[]}
        above={<div className="lg-muted">{t("text")}</div>}
        tools={add}
        quick={(rule) => [
          {
            id: "turn",
            text: t(rule.verdict === "accept" ? "block" : "trust"),
            refused,
            run: () =>
              void set(rule.owner, rule.verdict === "accept" ? "refuse" : "accept", rule.for_account).catch(
                tellFailure,
              ),
          },
        ]}
        menu={(rule) => [{ id: "forget", text: t("forget"), refused, run: () => void forget(rule) }]}
        cli={() => "lend share rules"}
        empty={<Empty title={t("empty")} text={t("emptyText")} action={add} />}
      />
      {isAdding && <Add close={() => setAdding(false)} set={set} />}
    </>
  );
}

function Add({
  close,
  set,
}: {
  close: () => void;
  set: (owner: string, verdict: Verdict, forAccount: boolean) => Promise<void>;
}) {
  const t = useTexts(ownerTexts);
  const first = useFirstFocus();
  const [owner, setOwner] = useState("");
  const [verdict, setVerdict] = useState<Verdict>("accept");
  const [forAccount, setForAccount] = useState(false);
  return (
    <Confirm
      title={t("addTitle")}
      verb={t(verdict === "accept" ? "trust" : "block")}
      close={close}
      refused={owner.trim() === "" ? t("ownerMissing") : undefined}
      run={() => set(owner.trim(), verdict, forAccount)}
    >
      <FormField label={t("ownerId")}>
        <Input ref={first} value={owner} ariaRequired onChange={({ detail }) => setOwner(detail.value)} />
      </FormField>
      <FormField label={t("verdict")} description={t(verdict === "accept" ? "trustText" : "blockText")}>
        <RadioGroup
          value={verdict}
          items={(["accept", "refuse"] as const).map((value) => ({ value, label: t(value) }))}
          onChange={({ detail }) => setVerdict(detail.value === "refuse" ? "refuse" : "accept")}
        />
      </FormField>
      <FormField label={t("for")}>
        <RadioGroup
          value={forAccount ? "account" : "project"}
          items={(["project", "account"] as const).map((value) => ({ value, label: t(`for.${value}`) }))}
          onChange={({ detail }) => setForAccount(detail.value === "account")}
        />
      </FormField>
    </Confirm>
  );
}
