import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useAnswer, usePending } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { Confirm } from "../Confirm";
import { texts } from "./texts";

/** Rejects everything that waits. */
export default function RejectAllDialog({ close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const answer = useAnswer();
  const n = usePending();
  return (
    <Confirm
      title={t("title", { n })}
      verb={w("act.rejectAll")}
      close={close}
      run={async () => {
        await answer("reject", "all");
      }}
    >
      <div>{t("body")}</div>
    </Confirm>
  );
}
