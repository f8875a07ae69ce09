import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { ApiError } from "~/api/errors";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useImagesById, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { Confirm } from "../Confirm";
import { texts } from "./texts";

/** Deletes images; typed out where others depend on them. */
export default function DeleteDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { api } = usePlace();
  const refresh = useRefresh();
  const { data: images = [], isPending } = useImagesById(ids);
  const [typed, setTyped] = useState("");
  const [withBackups, setWithBackups] = useState(false);
  const able = images.filter((image) => image.actions.delete?.allowed);
  const unable = images.filter((image) => !image.actions.delete?.allowed);
  const shares = able.reduce((all, image) => all + (image.shares ?? 0), 0);
  const [first] = able;
  const word = able.length === 1 && first ? nameOf(first) : w("act.delete");
  const needsTyping = shares > 0;
  const refused = isPending
    ? ""
    : able.length === 0
      ? images[0] && refusal(images[0], "delete")
      : needsTyping && typed !== word
        ? t("type", { name: word })
        : undefined;
  const run = async () => {
    const report = await ok(
      api.POST("/api/v1/images/delete", {
        body: { images: able.map((image) => image.id), mode: "partial", delete_backups: withBackups },
      }),
    );
    refresh();
    const refusedOnes = report.results.filter((one) => one.outcome === "refused");
    const n = report.results.length - refusedOnes.length;
    if (n > 0) toast({ kind: "success", text: t("done", { n }) });
    const [why] = refusedOnes;
    if (why) {
      throw new ApiError({
        status: 409,
        code: why.code ?? "",
        message: why.message ?? "",
        requestId: report.request_id,
      });
    }
  };
  return (
    <Confirm
      title={
        ids.length === 1 && images[0]
          ? t("title", { image: nameOf(images[0]) })
          : t("titleMany", { n: ids.length })
      }
      verb={w("act.delete")}
      run={run}
      close={close}
      refused={refused}
    >
      <div>
        {t("undone")} {shares > 0 && t("shared", { n: shares })} {t("replicas")}
      </div>
      {able.length > 1 && (
        <ul>
          {able.map((image) => (
            <li key={image.id}>{nameOf(image)}</li>
          ))}
        </ul>
      )}
      {unable.length > 0 && (
        <div>
          {t("skipped")}
          <ul>
            {unable.map((image) => (
              <li key={image.id}>
                {nameOf(image)} <span className="lg-muted">– {refusal(image, "delete")}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {able.some((image) => image.kind === "full_server") && (
        <Checkbox checked={withBackups} onChange={({ detail }) => setWithBackups(detail.checked)}>
          {t("backups")}
        </Checkbox>
      )}
      {needsTyping && (
        <FormField label={t("type", { name: word })}>
          <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} ariaRequired />
        </FormField>
      )}
    </Confirm>
  );
}
