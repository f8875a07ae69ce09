import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useAcceptAll } from "~/images/acceptAll";
import { needsVault, useBulk, useRowActs } from "~/images/acts";
import { ImageList, idOf } from "~/images/ImageList";
import { useAnswer, usePending } from "~/images/queries";
import { Go } from "~/shell/links";
import { useShortcuts } from "~/shell/shortcuts";
import { shellTexts } from "~/shell/texts";
import { Empty } from "~/table/List";
import { useRefusal } from "~/ui/may";
import { Picture } from "~/ui/Picture";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

/** The offers that wait for an answer. */
export const Pending = () => <Offers state="pending" />;

/** What was rejected and is still shared. */
export const Rejected = () => <Offers state="rejected" />;

function Offers({ state }: { state: "pending" | "rejected" }) {
  const t = useTexts(texts);
  const s = useTexts(shellTexts);
  const w = useWords();
  const { path } = usePlace();
  const acts = useRowActs();
  const bulk = useBulk();
  const answer = useAnswer();
  const dialog = useDialog();
  const pending = usePending();
  const [selected, setSelected] = useState<Image[]>([]);
  const isPending = state === "pending";
  const title = isPending ? t("pending.crumb") : w("act.rejectedList");
  const accept = (images: Image[]) =>
    images.some(needsVault) ? dialog("accept", images.map(idOf)) : void answer("accept", images.map(idOf));
  const reject = (images: Image[]) => void answer("reject", images.map(idOf));
  const acceptAct = bulk("accept", w("act.accept"), selected, "accept", accept);
  const rejectAct = bulk("reject", w("act.reject"), selected, "reject", reject);
  useShortcuts({
    a: acceptAct.refused ? undefined : { text: s("keys.accept"), run: () => accept(selected) },
    x: !isPending || rejectAct.refused ? undefined : { text: s("keys.reject"), run: () => reject(selected) },
  });
  return (
    <ImageList
      of={state}
      title={title}
      crumb={{ text: title, path: `images/shared/${state}` }}
      onSelection={setSelected}
      bulk={() => [{ ...acceptAct, isPrimary: !acceptAct.refused }, ...(isPending ? [rejectAct] : [])]}
      actsWidth={200}
      quick={acts.answers}
      menu={acts.received}
      above={
        <div>
          <Go to={path("images/shared")} fontSize="body-m">
            ‹ {t("back", { tab: w("tab.shared") })}
            {isPending && ` · ${t("pending.title", { n: pending })}`}
          </Go>
          <div className="lg-muted">{t(isPending ? "bar.trust" : "rejected.note")}</div>
        </div>
      }
      tools={isPending && pending > 0 && <AnswerAll />}
      empty={<Empty picture={<Picture of="inbox" />} title={t(`${state}.empty`)} />}
    />
  );
}

function AnswerAll() {
  const w = useWords();
  const acceptAll = useAcceptAll();
  const dialog = useDialog();
  const refused = useRefusal("ims:shares:answer");
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={Boolean(refused)} disabledReason={refused} onClick={() => void acceptAll()}>
        {w("act.acceptAll")}
      </Button>
      <Button disabled={Boolean(refused)} disabledReason={refused} onClick={() => dialog("reject-all")}>
        {w("act.rejectAll")}
      </Button>
    </SpaceBetween>
  );
}
