import { useCallback } from "react";
import { linkTo } from "~/api/client";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasDialog, hasPage } from "~/pages";
import { to } from "~/shell/links";
import type { Act } from "~/table/types";
import { useDialog } from "~/ui/url";
import { useAnswer, useImageActs } from "./queries";
import { imageTexts } from "./texts";

/** Why the server would refuse a verb; nothing where it would not. */
export function refusal(image: Image, verb: string): string | undefined {
  const action = image.actions[verb];
  if (!action) return verb;
  return action.allowed ? undefined : (action.reason?.message ?? action.reason?.code ?? verb);
}

/** The acts of a row, as the server allows them; only those whose page or dialog is there. */
export function useRowActs() {
  const w = useWords();
  const place = usePlace();
  const { operator } = useSession();
  const dialog = useDialog();
  const acts = useImageActs();
  const answer = useAnswer();
  const server = (image: Image): Act[] => {
    if (image.kind === "data") {
      if (!hasPage("project", "volumes/new")) return [];
      return [
        {
          id: "disk",
          text: w("act.createDataDisk"),
          href: to(place.path(`volumes/new?image=${image.id}`)),
          refused: refusal(image, "create_volume"),
        },
      ];
    }
    if (!hasPage("project", "servers/new")) return [];
    return [
      {
        id: "server",
        text: w("act.createServer"),
        href: to(place.path(`servers/new?image=${image.id}`)),
        refused: refusal(image, "create_server"),
      },
    ];
  };
  const opens = (name: string, image: Image, text: string, verb: string | null): Act[] =>
    hasDialog(name)
      ? [
          {
            id: name,
            text,
            run: () => dialog(name, [image.id]),
            refused: verb === null ? undefined : refusal(image, verb),
          },
        ]
      : [];
  const quick = (image: Image): Act[] =>
    [...server(image), ...opens("modify", image, w("act.modify"), "update")].slice(0, 2);
  const own = (image: Image): Act[] => [
    ...opens("share", image, w("act.share"), "share"),
    ...opens("unshare", image, w("act.unshare"), "unshare"),
    ...opens("tenants", image, w("act.tenants"), null),
    ...opens("replicate", image, w("act.replicate"), "replicate"),
    ...opens("copy", image, w("act.copy"), "replicate"),
    ...opens("export", image, w("act.export"), "download"),
    {
      id: "download",
      text: w("act.download"),
      refused: refusal(image, "download"),
      href: linkTo(`/api/v1/images/${image.id}/file`, place),
    },
    ...(image.published
      ? opens("unpublish", image, w("act.unpublish"), "unpublish")
      : opens("publish", image, w("act.publish"), "publish")),
    {
      id: "protect",
      text: w(image.protected ? "act.unprotect" : "act.protect"),
      refused: refusal(image, "update"),
      run: () => void acts.change(image, { protected: !image.protected }),
    },
    ...(image.status === "deactivated"
      ? [
          {
            id: "reactivate",
            text: w("act.reactivate"),
            refused: refusal(image, "reactivate"),
            run: () => void acts.reactivate(image),
          },
        ]
      : opens("deactivate", image, w("act.deactivate"), "deactivate")),
    ...visibility(image),
    ...opens("tags", image, w("act.tags"), "update"),
    ...opens("delete", image, w("act.delete"), "delete"),
  ];
  const received = (image: Image): Act[] => [
    ...opens("replicate", image, w("act.replicate"), "replicate"),
    ...opens("copy", image, w("act.copy"), "replicate"),
    {
      id: "download",
      text: w("act.download"),
      refused: refusal(image, "download"),
      href: linkTo(`/api/v1/images/${image.id}/file`, place),
    },
    ...opens("remove", image, w("act.remove"), "reject"),
    ...opens("trust", image, w("act.trust"), null),
    ...opens("block", image, w("act.block"), null),
    // Shown, so that nobody looks for them: only the owner can.
    { id: "share", text: w("act.share"), refused: refusal(image, "share") },
    { id: "modify", text: w("act.modify"), refused: refusal(image, "update") },
    { id: "delete", text: w("act.delete"), refused: refusal(image, "delete") },
  ];
  /** Of an image that everybody may use; the operator keeps it. */
  const open = (image: Image): Act[] => [
    ...opens("replicate", image, w("act.replicate"), "replicate"),
    ...opens("copy", image, w("act.copy"), "replicate"),
    {
      id: "download",
      text: w("act.download"),
      refused: refusal(image, "download"),
      href: linkTo(`/api/v1/images/${image.id}/file`, place),
    },
    ...(operator
      ? [
          ...opens("modify", image, w("act.modify"), "update"),
          {
            id: "hide",
            text: w(image.hidden ? "act.unhide" : "act.hide"),
            refused: refusal(image, "update"),
            run: () => void acts.change(image, { hidden: !image.hidden }),
          },
          ...visibility(image),
          ...opens("tags", image, w("act.tags"), "update"),
          ...opens("delete", image, w("act.delete"), "delete"),
        ]
      : []),
  ];
  /** For the operator: offers an image to everybody, or no longer. */
  const visibility = (image: Image): Act[] => {
    if (!operator) return [];
    const isPublic = image.visibility === "public";
    return [
      {
        id: "visibility",
        text: w(isPublic ? "act.makePrivate" : "act.makePublic"),
        refused: refusal(image, "update"),
        run: () => void acts.change(image, { visibility: isPublic ? "private" : "public" }),
      },
    ];
  };
  const answers = (image: Image): Act[] => [
    {
      id: "accept",
      text: w("act.accept"),
      refused: refusal(image, "accept"),
      run: () => (needsVault(image) ? dialog("accept", [image.id]) : void answer("accept", [image.id])),
    },
    ...(image.share?.state === "pending"
      ? [
          {
            id: "reject",
            text: w("act.reject"),
            refused: refusal(image, "reject"),
            run: () => void answer("reject", [image.id]),
          },
        ]
      : []),
  ];
  return { quick, own, received, open, answers };
}

/** Whether accepting asks for a vault first. */
export const needsVault = (image: Image): boolean =>
  Boolean(image.actions.accept?.vault_gib) && hasDialog("accept");

/** A bulk act: refused where no selected image allows it; it is then done with those that do. */
export function useBulk() {
  const t = useTexts(imageTexts);
  return useCallback(
    (id: string, text: string, selected: Image[], verb: string, run: (images: Image[]) => void): Act => {
      const able = selected.filter((image) => image.actions[verb]?.allowed);
      const first = selected[0];
      const refused =
        selected.length === 0
          ? t("none.selected")
          : able.length === 0
            ? selected.length === 1 && first
              ? refusal(first, verb)
              : t("none.may", { n: selected.length })
            : undefined;
      return { id, text, refused, run: () => run(selected) };
    },
    [t],
  );
}
