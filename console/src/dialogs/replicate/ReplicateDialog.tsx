import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import { ok } from "~/api/client";
import { placePath, usePlace, usePolicy } from "~/api/context";
import { ApiError, toApiError } from "~/api/errors";
import type { Context } from "~/api/send";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useImagesById, useRefresh } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useFirstFocus } from "~/ui/focus";
import { Confirm } from "../Confirm";
import { DESCRIPTION_MAX, descriptionProblem, fieldOf, nameProblem } from "../fields/fields";
import { fieldTexts } from "../fields/texts";
import { Skipped } from "../Skipped";
import { useRoom, useTarget } from "./target";
import { texts } from "./texts";

const AT = {
  region: "region",
  REGION_NOT_FOUND: "region",
  project: "project",
  COPY_PROJECT_NEEDED: "project",
  PROJECT_NOT_FOUND: "project",
  TENANT_NOT_IN_REGION: "project",
  ROLE_TOO_WEAK: "project",
  name: "name",
  description: "description",
  "property value": "description",
} as const;
type Field = (typeof AT)[keyof typeof AT];

/** Makes private copies of images in this project, or in one of the user's in another region. */
export default function ReplicateDialog(props: DialogProps) {
  return <Replicate {...props} isElsewhere={false} />;
}

export function Replicate({ ids, close, isElsewhere }: DialogProps & { isElsewhere: boolean }) {
  const t = useTexts(texts);
  const f = useTexts(fieldTexts);
  const w = useWords();
  const { api } = usePlace();
  const rule = usePolicy();
  const refresh = useRefresh();
  const first = useFirstFocus();
  const { data: images = [], isPending } = useImagesById(ids);
  const target = useTarget(isElsewhere);
  const left = useRoom(target.place);
  const [made, setMade] = useState<string[]>([]);
  // What is not typed is as that of the image.
  const [typed, setTyped] = useState<{ name?: string; description?: string }>({});
  const [refused, setRefused] = useState<Partial<Record<Field, string>>>({});
  const type = (change: typeof typed) => {
    setTyped((now) => ({ ...now, ...change }));
    setRefused({});
  };
  const able = images.filter((image) => image.actions.replicate?.allowed && !made.includes(image.id));
  const unable = images.filter((image) => !image.actions.replicate?.allowed);
  const [one] = able;
  const isOne = ids.length === 1;
  const name = typed.name ?? one?.name ?? "";
  const description = typed.description ?? one?.properties.description ?? "";
  const problems: Partial<Record<Field, string>> =
    isOne && one
      ? {
          name: typed.name === undefined && !name ? undefined : nameProblem(name, rule, f),
          description: typed.description === undefined ? undefined : descriptionProblem(typed.description, f),
        }
      : {};
  const verb = w(isElsewhere ? "act.copy" : "act.replicate");
  const blocked =
    isPending || target.isPending
      ? ""
      : able.length === 0
        ? images[0]
          ? refusal(images[0], "replicate")
          : t("gone")
        : (target.problem ??
          (typeof left === "number" && left < able.length
            ? t("tooMany", { left, n: able.length })
            : Object.values(problems).find(Boolean)));

  /** Answers the id of the copy. */
  const replicate = async (image: Image, place: Context): Promise<string> => {
    const params = { path: { id: image.id } };
    const own = isOne ? { name: name || undefined, description: typed.description } : {};
    if (target.isHere) {
      return (await ok(api.POST("/api/v1/images/{id}/replicate", { params, body: own }))).image.id;
    }
    return (await ok(api.POST("/api/v1/images/{id}/copy", { params, body: { ...place, ...own } }))).image;
  };
  const run = async () => {
    const { place } = target;
    if (!place) return;
    setRefused({});
    const ends = await Promise.allSettled(able.map((image) => replicate(image, place)));
    refresh();
    const copies = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    const [copy] = copies;
    if (copy) {
      setMade((before) => [
        ...before,
        ...able.flatMap((image, at) => (ends[at]?.status === "fulfilled" ? [image.id] : [])),
      ]);
      toast({
        kind: "success",
        text: target.isHere
          ? t("done", { n: copies.length })
          : t("doneThere", { n: copies.length, region: place.region }),
        action:
          copies.length === 1
            ? { text: t("open"), href: placePath(place, `images/${copy}/summary`) }
            : { text: t("list"), href: placePath(place, "images/private") },
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
    const field = isOne ? fieldOf(error, AT) : undefined;
    if (field) setRefused({ [field]: toApiError(error).message });
    return field !== undefined;
  };
  const title = () => {
    if (!isOne) return t("titleMany", { n: ids.length });
    if (!images[0]) return verb;
    return t(isElsewhere ? "titleThere" : "title", { image: nameOf(images[0]) });
  };
  return (
    <Confirm title={title()} verb={verb} run={run} place={place} close={close} refused={blocked}>
      <div>{t(target.isHere ? "body" : "bodyThere")}</div>
      {isPending && <Spinner />}
      {isOne && one && (
        <SpaceBetween size="m">
          <FormField stretch label={t("name")} errorText={problems.name ?? refused.name}>
            <Input ref={first} value={name} onChange={({ detail }) => type({ name: detail.value })} />
          </FormField>
          <FormField
            stretch
            label={f("description")}
            errorText={problems.description ?? refused.description}
            constraintText={t("count", { n: [...description].length, max: DESCRIPTION_MAX })}
          >
            <Input value={description} onChange={({ detail }) => type({ description: detail.value })} />
          </FormField>
        </SpaceBetween>
      )}
      {!isOne && able.length > 0 && (
        <ul>
          {able.map((image) => (
            <li key={image.id}>{nameOf(image)}</li>
          ))}
        </ul>
      )}
      {able.length > 0 && target.fields(refused, () => setRefused({}))}
      {able.length > 0 && left !== undefined && (
        <div className="lg-muted">{left === null ? t("noLimit") : t("left", { left })}</div>
      )}
      <Skipped images={unable} verb="replicate" />
    </Confirm>
  );
}
