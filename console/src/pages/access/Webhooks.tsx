import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
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
import { texts as noticeTexts } from "~/pages/notices/texts";
import { toast } from "~/shell/messages";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { CopyText } from "~/ui/Copy";
import { useFirstFocus } from "~/ui/focus";
import { useRefusal } from "~/ui/may";
import { Once } from "~/ui/Once";
import { texts } from "./texts";
import { webhookTexts } from "./webhook-texts";

type Webhook = Schema<"WebhookView">;
type Kind = Webhook["kinds"][number];
type Open =
  | { is: "create" }
  | { is: "edit" | "remove"; hook: Webhook }
  | { is: "made"; secret: string; id: string };
const KEY = ["webhooks"];
const idOf = (hook: Webhook) => hook.id;
const urlOf = (hook: Webhook) => hook.url;
const wordsOf = (hook: Webhook) => [hook.url, hook.id];
const KINDS = Object.keys(noticeTexts.entries).flatMap((key) =>
  key.startsWith("kind.") ? [key.slice("kind.".length) as Kind] : [],
);

function State({ hook }: { hook: Webhook }) {
  const t = useTexts(webhookTexts);
  if (!hook.enabled) return <StatusIndicator type="stopped">{t("state.off")}</StatusIndicator>;
  if (hook.attempts > 0)
    return <StatusIndicator type="error">{t("state.failing", { n: hook.attempts })}</StatusIndicator>;
  if (!hook.delivered_at) return <StatusIndicator type="pending">{t("state.new")}</StatusIndicator>;
  return <StatusIndicator type="success">{t("state.ok")}</StatusIndicator>;
}

/** The webhooks of the project in this region. */
export function Webhooks() {
  const a = useTexts(texts);
  const t = useTexts(webhookTexts);
  const n = useTexts(noticeTexts);
  const { api, key } = usePlace();
  const client = useQueryClient();
  const refused = useRefusal("ims:webhooks:manage");
  const [open, setOpen] = useState<Open>();
  const [testing, setTesting] = useState<string>();
  const close = () => setOpen(undefined);
  const changed = () => void client.invalidateQueries({ queryKey: [...key, ...KEY] });
  const load = useWhole<Webhook>(
    useCallback(async (signal) => (await ok(api.GET("/api/v1/webhooks", { signal }))).webhooks, [api]),
    wordsOf,
  );
  const columns = useMemo(
    (): Column<Webhook>[] => [
      { id: "url", header: t("url"), width: 300, cell: (hook) => <CopyText text={hook.url} />, csv: urlOf },
      {
        id: "state",
        header: t("state"),
        minWidth: 160,
        cell: (hook) => <State hook={hook} />,
        csv: (hook) => String(hook.enabled),
      },
      {
        id: "kinds",
        header: t("kinds"),
        cell: (hook) => (
          <span title={hook.kinds.map((kind) => n(`kind.${kind}`)).join(", ")}>
            {hook.kinds.length === 0 ? t("allKinds") : t("kindCount", { n: hook.kinds.length })}
          </span>
        ),
        csv: (hook) => hook.kinds.join(" "),
      },
      {
        id: "delivered",
        header: t("delivered"),
        cell: (hook) => (hook.delivered_at ? <Ago at={hook.delivered_at} /> : "–"),
        csv: (hook) => hook.delivered_at,
      },
      {
        id: "failure",
        header: t("failure"),
        minWidth: 200,
        cell: (hook) => (
          <>
            {hook.failure ?? "–"}
            {hook.next_try_at && (
              <div className="lg-muted">
                {t("next")}: <Ago at={hook.next_try_at} />
              </div>
            )}
          </>
        ),
        csv: (hook) => hook.failure,
      },
      {
        id: "created",
        header: t("created"),
        cell: (hook) => <Ago at={hook.created_at} />,
        csv: (hook) => hook.created_at,
        isHidden: true,
      },
    ],
    [t, n],
  );
  const test = async (hook: Webhook) => {
    setTesting(hook.id);
    try {
      const params = { path: { id: hook.id } };
      const { delivered, failure } = await ok(api.POST("/api/v1/webhooks/{id}/test", { params, body: {} }));
      toast(
        delivered
          ? { kind: "success", text: t("tested") }
          : { kind: "error", text: t("testFailed", { why: failure ?? "" }) },
      );
    } catch (error) {
      tellFailure(error);
    }
    setTesting(undefined);
    changed();
  };
  const change = (hook: Webhook, body: { enabled?: boolean; url?: string; kinds?: Kind[] }) =>
    ok(api.PATCH("/api/v1/webhooks/{id}", { params: { path: { id: hook.id } }, body }));
  const toggle = (hook: Webhook) =>
    change(hook, { enabled: !hook.enabled })
      .then(() => toast({ kind: "success", text: t(hook.enabled ? "disabled" : "enabled") }))
      .catch(tellFailure)
      .finally(changed);
  const create = async (url: string, kinds: Kind[]) => {
    const made = await ok(api.POST("/api/v1/webhooks", { body: { url, kinds } }));
    changed();
    // The form closes itself after this: the secret is shown next.
    setTimeout(() => setOpen({ is: "made", id: made.id, secret: made.secret }));
  };
  const edit = async (hook: Webhook, url: string, kinds: Kind[]) => {
    await change(hook, { url, kinds });
    toast({ kind: "success", text: t("saved") });
    changed();
  };
  const button = (
    <Button
      variant="primary"
      disabled={refused !== undefined}
      disabledReason={refused}
      onClick={() => setOpen({ is: "create" })}
    >
      {t("create")}
    </Button>
  );
  return (
    <>
      <List<Webhook>
        id="webhooks"
        title={a("webhooks")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={urlOf}
        columns={columns}
        filters={[]}
        above={<div className="lg-muted">{t("text")}</div>}
        tools={button}
        quick={(hook) => [
          {
            id: "test",
            text: t("test"),
            refused: refused ?? (testing === hook.id ? t("test") : undefined),
            run: () => void test(hook),
          },
        ]}
        menu={(hook) => [
          { id: "edit", text: t("edit"), refused, run: () => setOpen({ is: "edit", hook }) },
          {
            id: "toggle",
            text: t(hook.enabled ? "disable" : "enable"),
            refused,
            run: () => void toggle(hook),
          },
          { id: "remove", text: t("remove"), refused, run: () => setOpen({ is: "remove", hook }) },
        ]}
        cli={(hook) => `lend webhook show ${hook.id}`}
        empty={<Empty title={t("empty")} text={t("emptyText")} action={button} />}
      />
      {open?.is === "create" && <Form close={close} run={create} />}
      {open?.is === "edit" && (
        <Form hook={open.hook} close={close} run={(url, kinds) => edit(open.hook, url, kinds)} />
      )}
      {open?.is === "remove" && (
        <Confirm
          title={t("removeTitle")}
          verb={t("remove")}
          close={close}
          run={async () => {
            await ok(api.DELETE("/api/v1/webhooks/{id}", { params: { path: { id: open.hook.id } } }));
            toast({ kind: "success", text: t("removed") });
            changed();
          }}
        >
          {t("removeText", { url: open.hook.url })}
        </Confirm>
      )}
      {open?.is === "made" && (
        <Once
          title={t("made")}
          items={[
            { label: t("id"), value: open.id },
            { label: t("secret"), value: open.secret },
          ]}
          close={close}
        />
      )}
    </>
  );
}

function Form({
  hook,
  close,
  run,
}: {
  hook?: Webhook;
  close: () => void;
  run: (url: string, kinds: Kind[]) => Promise<void>;
}) {
  const t = useTexts(webhookTexts);
  const n = useTexts(noticeTexts);
  const w = useWords();
  const first = useFirstFocus();
  const [url, setUrl] = useState(hook?.url ?? "");
  const [kinds, setKinds] = useState<Kind[]>(hook?.kinds ?? []);
  const option = (kind: Kind) => ({ value: kind, label: n(`kind.${kind}`), description: kind });
  return (
    <Confirm
      title={t(hook ? "editTitle" : "create")}
      verb={hook ? w("act.save") : t("create")}
      close={close}
      refused={/^https?:\/\/./.test(url.trim()) ? undefined : t("urlMissing")}
      run={() => run(url.trim(), kinds)}
    >
      {!hook && <div>{t("createText")}</div>}
      <FormField label={t("url")} constraintText={t("urlHint")}>
        <Input
          ref={first}
          type="url"
          value={url}
          ariaRequired
          placeholder="https://"
          onChange={({ detail }) => setUrl(detail.value)}
        />
      </FormField>
      <FormField label={t("kinds")} constraintText={t("kindsHint")}>
        <Multiselect
          expandToViewport
          placeholder={t("chooseKinds")}
          selectedOptions={kinds.map(option)}
          options={KINDS.map(option)}
          onChange={({ detail }) =>
            setKinds(detail.selectedOptions.flatMap((one) => (one.value ? [one.value as Kind] : [])))
          }
        />
      </FormField>
    </Confirm>
  );
}
