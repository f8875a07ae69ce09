import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { tellFailure } from "~/images/queries";
import { toast } from "~/shell/messages";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { CopyText } from "~/ui/Copy";
import { useRefusal } from "~/ui/may";
import { Once } from "~/ui/Once";
import { Page } from "~/ui/Page";
import { texts } from "./texts";

type Key = Schema<"AccessKeyView">;
const KEY = ["access-keys"];
const idOf = (one: Key) => one.id;
const wordsOf = (one: Key) => [one.id];

/** One's own access keys in the project. */
export default function AccessKeysPage() {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key, info } = usePlace();
  const client = useQueryClient();
  const refused = useRefusal("ims:keys:manage");
  const [open, setOpen] = useState<"create" | { remove: Key } | { made: Schema<"NewAccessKeyView"> }>();
  const changed = () => client.invalidateQueries({ queryKey: [...key, ...KEY] });
  const load = useWhole<Key>(
    useCallback(async (signal) => (await ok(api.GET("/api/v1/access-keys", { signal }))).access_keys, [api]),
    wordsOf,
  );
  const columns = useMemo(
    (): Column<Key>[] => [
      { id: "id", header: t("id"), minWidth: 260, cell: (one) => <CopyText text={one.id} />, csv: idOf },
      {
        id: "state",
        header: t("state"),
        cell: (one) => (
          <StatusIndicator type={one.enabled ? "success" : "stopped"}>
            {t(one.enabled ? "state.on" : "state.off")}
          </StatusIndicator>
        ),
        csv: (one) => String(one.enabled),
      },
      {
        id: "created",
        header: t("created"),
        cell: (one) => <Ago at={one.created_at} />,
        csv: (one) => one.created_at,
      },
    ],
    [t],
  );
  const create = async () => {
    const made = await ok(api.POST("/api/v1/access-keys", { body: {} }));
    void changed();
    // Confirm closes itself after this: the secret is shown next.
    setTimeout(() => setOpen({ made }));
  };
  const toggle = async (one: Key) => {
    try {
      await ok(
        api.PATCH("/api/v1/access-keys/{id}", {
          params: { path: { id: one.id } },
          body: { enabled: !one.enabled },
        }),
      );
      toast({ kind: "success", text: t(one.enabled ? "disabled" : "enabled", { id: one.id }) });
    } catch (error) {
      tellFailure(error);
    }
    void changed();
  };
  const remove = async (one: Key) => {
    await ok(api.DELETE("/api/v1/access-keys/{id}", { params: { path: { id: one.id } } }));
    toast({ kind: "success", text: t("removed", { id: one.id }) });
    void changed();
  };
  const close = () => setOpen(undefined);
  const button = (
    <Button
      variant="primary"
      disabled={refused !== undefined}
      disabledReason={refused}
      onClick={() => setOpen("create")}
    >
      {t("create")}
    </Button>
  );
  return (
    <Page
      title={t("title")}
      path="/me/access-keys"
      parents={[{ text: w("me.credentials"), href: "/me/credentials" }]}
      text={t("text", { project: info.name })}
      actions={button}
    >
      <List<Key>
        id="access-keys"
        title={t("title")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={idOf}
        columns={columns}
        quick={(one) => [
          { id: "toggle", text: t(one.enabled ? "disable" : "enable"), refused, run: () => void toggle(one) },
        ]}
        menu={(one) => [{ id: "remove", text: t("remove"), refused, run: () => setOpen({ remove: one }) }]}
        empty={<Empty title={t("empty")} text={t("emptyText")} action={button} />}
      />
      {open === "create" && (
        <Confirm title={t("create")} verb={t("create")} run={create} close={close} refused={refused}>
          {t("createText", { project: info.name })}
        </Confirm>
      )}
      {typeof open === "object" && "remove" in open && (
        <Confirm
          title={t("removeTitle", { id: open.remove.id })}
          verb={t("remove")}
          run={() => remove(open.remove)}
          close={close}
        >
          {t("removeText")}
        </Confirm>
      )}
      {typeof open === "object" && "made" in open && (
        <Once
          title={t("made")}
          items={[
            { label: t("id"), value: open.made.id },
            { label: t("secret"), value: open.made.secret },
          ]}
          close={close}
        />
      )}
    </Page>
  );
}
