import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import { ApiError, toApiError } from "~/api/errors";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useImagesById, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useFirstFocus } from "~/ui/focus";
import { Confirm } from "../Confirm";
import { fieldOf, nameProblem } from "../fields/fields";
import { fieldTexts } from "../fields/texts";
import { Skipped } from "../Skipped";
import { texts } from "./texts";

/** Makes private copies of images in this project and region. */
export default function ReplicateDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const f = useTexts(fieldTexts);
  const w = useWords();
  const { api, key, path } = usePlace();
  const rule = usePolicy();
  const refresh = useRefresh();
  const first = useFirstFocus();
  const { data: images = [], isPending } = useImagesById(ids);
  const { data: quota } = useQuery({
    queryKey: [...key, "quota"],
    queryFn: () => ok(api.GET("/api/v1/quota")),
  });
  const [made, setMade] = useState<string[]>([]);
  const [typed, setTyped] = useState<string>();
  const [refused, setRefused] = useState<string>();
  const able = images.filter((image) => image.actions.replicate?.allowed && !made.includes(image.id));
  const unable = images.filter((image) => !image.actions.replicate?.allowed);
  const [one] = able;
  const isOne = ids.length === 1;
  const name = typed ?? one?.name ?? "";
  const problem = isOne && one && (typed !== undefined || name) ? nameProblem(name, rule, f) : undefined;
  const own = quota?.private_images;
  const left = typeof own?.limit === "number" ? Math.max(0, own.limit - own.used) : null;
  const blocked = isPending
    ? ""
    : able.length === 0
      ? images[0] && refusal(images[0], "replicate")
      : left !== null && left < able.length
        ? t("tooMany", { left, n: able.length })
        : problem;

  const run = async () => {
    setRefused(undefined);
    const ends = await Promise.allSettled(
      able.map((image) =>
        ok(
          api.POST("/api/v1/images/{id}/replicate", {
            params: { path: { id: image.id } },
            body: isOne ? { name } : {},
          }),
        ),
      ),
    );
    refresh();
    const copies = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value.image.id] : []));
    const [copy] = copies;
    if (copy) {
      setMade((before) => [
        ...before,
        ...able.flatMap((image, at) => (ends[at]?.status === "fulfilled" ? [image.id] : [])),
      ]);
      toast({
        kind: "success",
        text: t("done", { n: copies.length }),
        action:
          copies.length === 1
            ? { text: t("open"), href: path(`images/${copy}/summary`) }
            : { text: t("list"), href: path("images/private") },
      });
    }
    const failed = ends.flatMap((end, at) => {
      const image = able[at];
      return end.status === "rejected" && image ? [{ image, error: toApiError(end.reason) }] : [];
    });
    const [why] = failed;
    if (why && isOne) throw why.error;
    if (why) {
      const lines = failed.map(({ image, error }) => `${nameOf(image)}: ${error.message}`);
      throw new ApiError({ ...why.error, message: lines.join(" ") });
    }
  };
  const place = (error: unknown) => {
    if (!isOne || !fieldOf(error, { name: "name" })) return false;
    setRefused(toApiError(error).message);
    return true;
  };
  return (
    <Confirm
      title={
        isOne && images[0] ? t("title", { image: nameOf(images[0]) }) : t("titleMany", { n: ids.length })
      }
      verb={w("act.replicate")}
      run={run}
      place={place}
      close={close}
      refused={blocked}
    >
      <div>
        {t("body")} {left !== null && own?.limit && t("left", { left, max: own.limit })}
      </div>
      {isPending && <Spinner />}
      {isOne && one && (
        <FormField stretch label={t("name")} errorText={problem ?? refused}>
          <Input ref={first} value={name} onChange={({ detail }) => setTyped(detail.value)} />
        </FormField>
      )}
      {!isOne && able.length > 0 && (
        <ul>
          {able.map((image) => (
            <li key={image.id}>{nameOf(image)}</li>
          ))}
        </ul>
      )}
      <Skipped images={unable} verb="replicate" />
    </Confirm>
  );
}
