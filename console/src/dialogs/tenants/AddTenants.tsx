import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useMemo, useState } from "react";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useRefresh, useUndo } from "~/images/queries";
import { toastWithUndo } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { uiTexts } from "~/ui/texts";
import { useChips } from "../share/chips";
import { IdsField } from "../share/IdsField";
import { texts as shareTexts } from "../share/texts";
import { useSlots } from "./tenants";
import { texts } from "./texts";

/** The box for the ids of more tenants, over the list of those there are. */
export function AddTenants({ image, close }: { image: Image; close: () => void }) {
  const t = useTexts(texts);
  const u = useTexts(uiTexts);
  const s = useTexts(shareTexts);
  const w = useWords();
  const { api } = usePlace();
  const policy = usePolicy();
  const refresh = useRefresh();
  const undo = useUndo();
  const images = useMemo(() => [image], [image]);
  const recipients = useChips(images);
  const { chips, tooMany, keepRefused } = recipients;
  const { tenants, left } = useSlots(image);
  const [isChecked, setChecked] = useState(false);
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const needsAck = policy("share.require_ack") === true;
  const good = chips.filter((chip) => chip.state === "good");
  const bad = chips.filter((chip) => chip.state === "bad");
  const share = async () => {
    setTried(true);
    if (!good.length || bad.length || tooMany || (needsAck && !isChecked)) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const report = await ok(
        api.POST("/api/v1/shares", {
          body: {
            images: [image.id],
            recipients: good.map((chip) => chip.id),
            acknowledge: isChecked,
            mode: "partial",
          },
        }),
      );
      const n = report.results.filter((pair) => pair.outcome === "shared").length;
      if (n > 0) toastWithUndo(t("add.done", { n }), report.undo, undo);
      if (report.results.some((pair) => pair.outcome === "refused")) keepRefused(report);
      else close();
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
      refresh();
    }
  };
  const refused = tooMany ?? (bad.length ? s("bad", { n: bad.length }) : undefined);
  const unticked = needsAck && !isChecked ? s("needs.ack") : undefined;
  return (
    <SpaceBetween size="s">
      {failure !== undefined && <Failure error={failure} title={u("notDone")} />}
      <IdsField
        of={recipients}
        description={left === null ? t("now", { n: tenants }) : w("dlg.add", { n: tenants, m: left })}
        error={isTried && good.length === 0 ? s("needs.ids") : undefined}
        takesFocus
      />
      {needsAck && (
        <FormField errorText={isTried && !isChecked ? s("needs.ack") : undefined}>
          <Checkbox checked={isChecked} onChange={({ detail }) => setChecked(detail.checked)}>
            {s("ack")}
          </Checkbox>
        </FormField>
      )}
      <SpaceBetween direction="horizontal" size="xs">
        <Button
          variant="primary"
          loading={isBusy}
          disabled={(refused ?? unticked) !== undefined}
          disabledReason={refused ?? unticked}
          onClick={() => void share()}
        >
          {good.length ? t("add.verb", { n: good.length }) : t("add.none")}
        </Button>
        <Button variant="link" onClick={close}>
          {w("act.cancel")}
        </Button>
      </SpaceBetween>
      <div className="lg-muted">{w("risk.share")}</div>
    </SpaceBetween>
  );
}
