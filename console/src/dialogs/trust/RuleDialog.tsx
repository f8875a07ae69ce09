import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { useMe, usePlace, usePolicy } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { Tenant } from "~/images/columns";
import { useImage, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { texts } from "./texts";

/** Sets what is done with offers of the owner of an image from now on, or forgets it. */
export function RuleDialog({ ids, close, verdict }: DialogProps & { verdict: "accept" | "refuse" }) {
  const t = useTexts(texts);
  const { api, key, info } = usePlace();
  const client = useQueryClient();
  const refresh = useRefresh();
  const refused = useRefusal("ims:shares:rules");
  const byAccount = usePolicy()("share.recipient_kind") === "account";
  const { data: me } = useMe();
  const image = useImage(ids[0] ?? "");
  const { data: rules, isPending } = useQuery({
    queryKey: [...key, "rules"],
    queryFn: async () => (await ok(api.GET("/api/v1/rules"))).rules,
  });
  const [chosen, setChosen] = useState<boolean>();
  const owner = image.data?.owner;
  const forAccount = chosen ?? byAccount;
  const rule = rules?.find((one) => one.owner === owner?.id && one.for_account === forAccount);
  const isSame = rule?.verdict === verdict;
  const isTrust = verdict === "accept";
  const name = owner?.name ?? owner?.id ?? "";
  const account = me?.account.name ?? me?.account.id ?? "";
  const who = forAccount ? account : info.name;

  const run = async () => {
    if (!owner) return;
    const params = { path: { owner: owner.id } };
    if (isSame) {
      await ok(
        api.DELETE("/api/v1/rules/{owner}", { params: { ...params, query: { for_account: forAccount } } }),
      );
    } else {
      await ok(api.PUT("/api/v1/rules/{owner}", { params, body: { verdict, for_account: forAccount } }));
    }
    void client.invalidateQueries({ queryKey: [...key, "rules"] });
    refresh();
    const said = isSame ? "forgotten" : isTrust ? "trusted" : "blocked";
    toast({ kind: "success", text: t(said, { owner: name }) });
  };
  return (
    <Confirm
      title={t(isTrust ? "trustTitle" : "blockTitle", { owner: name })}
      verb={t(isSame ? "forget" : isTrust ? "trustVerb" : "blockVerb")}
      run={run}
      close={close}
      refused={refused ?? (isPending || !owner ? "" : undefined)}
    >
      {image.error ? (
        <Failure error={image.error} retry={() => void image.refetch()} />
      ) : !owner || isPending ? (
        <Spinner />
      ) : (
        <SpaceBetween size="m">
          <div>
            {t("owner")}: <Tenant tenant={owner} />
          </div>
          {isSame ? (
            <Alert type="info">{t(isTrust ? "nowTrust" : "nowBlock")}</Alert>
          ) : (
            <div>{t(isTrust ? "trustBody" : "blockBody", { owner: name, who })}</div>
          )}
          {rule && !isSame && (
            <Alert type="info">{t(rule.verdict === "accept" ? "wasTrust" : "wasBlock")}</Alert>
          )}
          <Checkbox checked={forAccount} onChange={({ detail }) => setChosen(detail.checked)}>
            {t("forAccount", { account })}
          </Checkbox>
        </SpaceBetween>
      )}
    </Confirm>
  );
}
