import Spinner from "@cloudscape-design/components/spinner";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useAnswer, useImagesById } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { Confirm } from "../Confirm";
import { Skipped } from "../Skipped";
import { texts } from "./texts";

/** Drops accepted images, after naming them. */
export default function RemoveDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const answer = useAnswer();
  const { data: images = [], isPending } = useImagesById(ids);
  const able = images.filter((image) => image.actions.reject?.allowed);
  const unable = images.filter((image) => !image.actions.reject?.allowed);
  const [first] = unable;
  const refused = isPending
    ? ""
    : able.length > 0
      ? undefined
      : ((first && refusal(first, "reject")) ?? t("nothing"));
  const run = async () => {
    await answer(
      "reject",
      able.map((image) => image.id),
    );
  };
  return (
    <Confirm
      title={t("title", { n: ids.length })}
      verb={w("act.remove")}
      run={run}
      close={close}
      refused={refused}
    >
      {isPending && <Spinner />}
      <ul>
        {able.map((image) => (
          <li key={image.id}>
            {nameOf(image)}{" "}
            <span className="lg-muted">{t("from", { who: image.owner.name ?? image.owner.id })}</span>
          </li>
        ))}
      </ul>
      <div>{t("body")}</div>
      <Skipped images={unable} verb="reject" />
    </Confirm>
  );
}
