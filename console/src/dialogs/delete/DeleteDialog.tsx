import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { ApiError } from "~/api/errors";
import type { Image, Schema } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useImagesById, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { Confirm } from "../Confirm";
import { Skipped } from "../Skipped";
import { throwRefusals } from "../tenants/tenants";
import { texts } from "./texts";

/** At most so many go in one call. */
const AT_ONCE = 100;

/** Whether only its shares keep an image from being deleted, and they can be taken back. */
const isHeldByShares = (image: Image): boolean =>
  image.actions.delete?.reason?.code === "IMAGE_IS_SHARED" && Boolean(image.actions.unshare?.allowed);

/** Deletes images; typed out where others depend on them. */
export default function DeleteDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { list } = useFormat();
  const { api, key, path } = usePlace();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const refresh = useRefresh();
  const { data: images = [], isPending } = useImagesById(ids);
  const [typed, setTyped] = useState("");
  const [withBackups, setWithBackups] = useState(false);
  const [takesBack, setTakesBack] = useState(false);
  const held = images.filter(isHeldByShares);
  const able = images.filter(
    (image) => image.actions.delete?.allowed || (takesBack && isHeldByShares(image)),
  );
  const unable = images.filter((image) => !image.actions.delete?.allowed && !isHeldByShares(image));
  const depended = images.filter((image) => !unable.includes(image) && image.shares);
  const { data: shares = [] } = useQuery({
    queryKey: [...key, "shares", "of", depended.map((image) => image.id)],
    queryFn: async () => {
      const pages = await Promise.all(
        depended.map((image) =>
          ok(api.GET("/api/v1/images/{id}/shares", { params: { path: { id: image.id } } })),
        ),
      );
      return pages.flatMap((page) => page.shares);
    },
    enabled: depended.length > 0,
  });
  const of = (state: string) => shares.filter((share) => share.state === state).length;
  const tenants = new Set(shares.map((share) => share.recipient.id)).size;
  const [first] = able;
  const word = able.length === 1 && first ? nameOf(first) : w("act.delete");
  const needsTyping = able.some((image) => image.shares);
  const refused = isPending
    ? ""
    : able.length === 0
      ? images[0] && refusal(images[0], "delete")
      : needsTyping && typed !== word
        ? t("type", { name: word })
        : undefined;

  const leaves = useRef(false);
  const leave = () => (leaves.current ? void navigate(path("images/private"), { replace: true }) : close());
  const takeBack = async () => {
    const which = able.filter(isHeldByShares).map((image) => image.id);
    if (which.length === 0) return;
    throwRefusals(
      await ok(api.DELETE("/api/v1/shares", { body: { images: which, all: true, mode: "all" } })),
    );
  };
  const run = async () => {
    try {
      await takeBack();
      const results: Schema<"DeleteResult">[] = [];
      let requestId = "";
      for (let from = 0; from < able.length; from += AT_ONCE) {
        const chosen = able.slice(from, from + AT_ONCE).map((image) => image.id);
        const report = await ok(
          api.POST("/api/v1/images/delete", {
            body: { images: chosen, mode: "partial", delete_backups: withBackups },
          }),
        );
        results.push(...report.results);
        requestId = report.request_id;
      }
      const gone = results.filter((one) => one.outcome === "deleted");
      if (gone.length > 0) toast({ kind: "success", text: t("done", { n: gone.length }) });
      const left = results.filter((one) => one.outcome === "refused");
      const [why] = left;
      if (why) {
        const lines = left.map((one) => {
          const image = images.find(({ id }) => id === one.image);
          return `${image ? nameOf(image) : one.image}: ${one.message ?? one.code}`;
        });
        throw new ApiError({ status: 409, code: why.code ?? "", message: lines.join(" "), requestId });
      }
      // The page of an image that is gone has nothing left to show.
      leaves.current = gone.some((one) => pathname.includes(`/images/${one.image}`));
    } finally {
      refresh();
    }
  };
  return (
    <Confirm
      title={
        ids.length === 1 && images[0]
          ? t("title", { image: nameOf(images[0]) })
          : t("titleMany", { n: ids.length })
      }
      verb={takesBack && held.length > 0 ? t("verbBoth") : w("act.delete")}
      run={run}
      close={leave}
      refused={refused}
    >
      {isPending && <Spinner />}
      <div>
        {t("undone")} {tenants > 0 && t("shared", { n: tenants, a: of("accepted"), p: of("pending") })}{" "}
        {t("servers")} {t("replicas")}
      </div>
      {able.length > 1 && (
        <ul>
          {able.map((image) => (
            <li key={image.id}>{nameOf(image)}</li>
          ))}
        </ul>
      )}
      {held.length > 0 && (
        <Alert type="warning">
          {t("first", {
            names: list(held.map(nameOf)),
            n: held.reduce((all, image) => all + (image.shares ?? 0), 0),
          })}
          <Checkbox checked={takesBack} onChange={({ detail }) => setTakesBack(detail.checked)}>
            {t("unshare")}
          </Checkbox>
        </Alert>
      )}
      {(able.length > 0 || held.length > 0) && <Skipped images={unable} verb="delete" />}
      {able.length === 0 && held.length === 0 && Boolean(refused) && <Alert type="warning">{refused}</Alert>}
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
