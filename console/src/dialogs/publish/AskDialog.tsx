import Spinner from "@cloudscape-design/components/spinner";
import type { ReactNode } from "react";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useImage, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { Confirm } from "../Confirm";
import { texts } from "./texts";

type Verb = "publish" | "unpublish" | "deactivate";

/** Says what comes of an act on one image, and does it. */
export function AskDialog({ ids, close, verb }: DialogProps & { verb: Verb }) {
  const t = useTexts(texts);
  const w = useWords();
  const { api } = usePlace();
  const maySharePublished = usePolicy()("share.market_images") === "allow";
  const refresh = useRefresh();
  const { data: image, error, refetch } = useImage(ids[0] ?? "");
  const name = image ? nameOf(image) : "";
  const run = async () => {
    await ok(api.POST(`/api/v1/images/{id}/${verb}`, { params: { path: { id: ids[0] ?? "" } } }));
    refresh();
    toast({ kind: "success", text: t(`${verb}.done`, { image: name }) });
  };
  const body = (of: Image): ReactNode => {
    if (verb === "publish") return t(maySharePublished ? "publish.bodyShare" : "publish.body");
    if (verb === "unpublish") return t("unpublish.body");
    return (
      <>
        {t("deactivate.body")} {of.shares ? t("deactivate.shared", { n: of.shares }) : ""}
      </>
    );
  };
  return (
    <Confirm
      title={t(verb, { image: name })}
      verb={w(`act.${verb}`)}
      run={run}
      close={close}
      refused={image ? refusal(image, verb) : ""}
    >
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : image ? (
        <div>{body(image)}</div>
      ) : (
        <Spinner />
      )}
    </Confirm>
  );
}
