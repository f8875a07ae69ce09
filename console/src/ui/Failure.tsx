import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import { toApiError } from "~/api/errors";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { CopyText } from "./Copy";
import { uiTexts } from "./texts";

/** What the server refused, in its words, with the way to try again. */
export function Failure({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const t = useTexts(uiTexts);
  const w = useWords();
  const { message, code, requestId } = toApiError(error);
  return (
    <Alert
      type="error"
      header={title ?? t("failed")}
      action={retry && <Button onClick={retry}>{w("act.retry")}</Button>}
    >
      <div>{message}</div>
      <div className="lg-small">
        {code}
        {requestId && (
          <>
            {" · "}
            {t("requestId")} <CopyText text={requestId} />
          </>
        )}
      </div>
    </Alert>
  );
}
