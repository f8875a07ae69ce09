import Button from "@cloudscape-design/components/button";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useNameOf } from "~/api/names";
import type { Schema } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Go, to } from "~/shell/links";
import { toast } from "~/shell/messages";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { CopyText, short } from "~/ui/Copy";
import { useRefusal } from "~/ui/may";
import { tickedOf } from "./statements";
import { texts } from "./texts";

type Policy = Schema<"AccessPolicyView">;
const KEY = ["access", "policies", "list"];
const idOf = (policy: Policy) => policy.id;
const nameOf = (policy: Policy) => policy.name;
const wordsOf = (policy: Policy) => [policy.name, policy.id];

/** The custom policies of the project. */
export function Policies() {
  const t = useTexts(texts);
  const { api, key, path } = usePlace();
  const client = useQueryClient();
  const userName = useNameOf();
  const refused = useRefusal("ims:access:manage");
  const [removing, setRemoving] = useState<Policy>();
  const load = useWhole<Policy>(
    useCallback(async (signal) => (await ok(api.GET("/api/v1/access/policies", { signal }))).policies, [api]),
    wordsOf,
  );
  const columns = useMemo((): Column<Policy>[] => {
    const count = (policy: Policy, effect: "allow" | "deny") => tickedOf(policy.statements)[effect].size;
    const users = (policy: Policy) => policy.users.map((id) => userName(id) ?? short(id)).join(", ");
    return [
      {
        id: "name",
        header: t("name"),
        minWidth: 160,
        cell: (policy) => (
          <span data-row className="lg-row-name">
            <Go to={path(`access/policies/${policy.id}`)}>{policy.name}</Go>
          </span>
        ),
        csv: nameOf,
      },
      {
        id: "statements",
        header: t("statements"),
        minWidth: 160,
        cell: (policy) =>
          [
            count(policy, "allow") > 0 && t("gives", { n: count(policy, "allow") }),
            count(policy, "deny") > 0 && t("takes", { n: count(policy, "deny") }),
          ]
            .filter(Boolean)
            .join(" · "),
        csv: (policy) => policy.statements.map((one) => `${one.effect}: ${one.actions.join(" ")}`).join("; "),
      },
      { id: "for", header: t("for"), minWidth: 160, cell: (policy) => users(policy) || "–", csv: users },
      {
        id: "changed",
        header: t("changed"),
        cell: (policy) => <Ago at={policy.updated_at} />,
        csv: (policy) => policy.updated_at,
      },
      {
        id: "id",
        header: t("id"),
        cell: (policy) => <CopyText text={policy.id} whole={false} />,
        csv: idOf,
        isHidden: true,
      },
    ];
  }, [t, path, userName]);
  const create = (
    <Button
      variant="primary"
      disabled={refused !== undefined}
      disabledReason={refused}
      href={to(path("access/policies/new"))}
    >
      {t("create")}
    </Button>
  );
  return (
    <>
      <List<Policy>
        id="access-policies"
        title={t("policies")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={columns}
        filters={[]}
        above={<div className="lg-muted">{t("denyWins")}</div>}
        tools={create}
        quick={(policy) => [
          { id: "edit", text: t("edit"), refused, href: to(path(`access/policies/${policy.id}`)) },
        ]}
        menu={(policy) => [{ id: "delete", text: t("remove"), refused, run: () => setRemoving(policy) }]}
        rowPath={(policy) => path(`access/policies/${policy.id}`)}
        cli={(policy) => `lend access policy show ${policy.id}`}
        empty={<Empty title={t("policies.empty")} text={t("policies.emptyText")} action={create} />}
      />
      {removing && (
        <Confirm
          title={t("removeTitle", { name: removing.name })}
          verb={t("remove")}
          close={() => setRemoving(undefined)}
          run={async () => {
            await ok(api.DELETE("/api/v1/access/policies/{id}", { params: { path: { id: removing.id } } }));
            toast({ kind: "success", text: t("removed", { name: removing.name }) });
            void client.invalidateQueries({ queryKey: [...key, "access"] });
          }}
        >
          {t("removeText", { n: removing.users.length })}
        </Confirm>
      )}
    </>
  );
}
