import "~/images/images.css";
import Autosuggest from "@cloudscape-design/components/autosuggest";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Icon from "@cloudscape-design/components/icon";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import { ApiError, toApiError } from "~/api/errors";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useRefresh } from "~/images/queries";
import { Failure } from "~/ui/Failure";
import { uiTexts } from "~/ui/texts";
import { fieldOf, joinTag, splitTag, tagProblem } from "../fields/fields";
import { fieldTexts } from "../fields/texts";
import { Skipped } from "../Skipped";
import { texts } from "./texts";

const AT = { TAG_NOT_PREDEFINED: "tag", TAG_QUOTA: "tag", tag: "tag" } as const;

/** Puts tags on images and takes them off, one by one and at once. */
export function TagEditor({ images }: { images: Image[] }) {
  const t = useTexts(texts);
  const u = useTexts(uiTexts);
  const f = useTexts(fieldTexts);
  const { api, key: place } = usePlace();
  const rule = usePolicy();
  const refresh = useRefresh();
  const { data } = useQuery({
    queryKey: [...place, "tags", "predefined"],
    queryFn: async () => (await ok(api.GET("/api/v1/tags/predefined"))).tags,
    staleTime: 60_000,
  });
  const predefined = data ?? [];
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [problem, setProblem] = useState<string>();
  const [failure, setFailure] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);

  const able = images.filter((image) => image.actions.update?.allowed);
  const unable = images.filter((image) => !image.actions.update?.allowed);
  const [first] = images;
  const refused = able.length === 0 && first ? refusal(first, "update") : undefined;
  const all = [...new Set(images.flatMap((image) => image.tags))];
  const onEach = all.filter((tag) => able.every((image) => image.tags.includes(tag)));
  const max = rule("tags.max");
  const enforced = predefined.filter((one) => one.enforced).map((one) => one.key);

  const patch = async (tags: Record<string, true | null>) => {
    setBusy(true);
    setProblem(undefined);
    setFailure(undefined);
    const ends = await Promise.allSettled(
      able.map((image) =>
        ok(api.PATCH("/api/v1/images/{id}", { params: { path: { id: image.id } }, body: { tags } })),
      ),
    );
    setBusy(false);
    refresh();
    const failed = ends.flatMap((end, at) => {
      const image = able[at];
      return end.status === "rejected" && image ? [{ image, error: toApiError(end.reason) }] : [];
    });
    const [why] = failed;
    if (!why) return true;
    if (fieldOf(why.error, AT)) setProblem(why.error.message);
    else if (images.length === 1) setFailure(why.error);
    else {
      const lines = failed.map(({ image, error }) => `${nameOf(image)}: ${error.message}`);
      setFailure(new ApiError({ ...why.error, message: lines.join(" ") }));
    }
    return false;
  };
  const add = async (event: FormEvent) => {
    event.preventDefault();
    if (refused || isBusy) return;
    const wrong = tagProblem(key, value, onEach, rule, f);
    setProblem(wrong);
    if (wrong || !(await patch({ [joinTag(key.trim(), value.trim())]: true }))) return;
    setKey("");
    setValue("");
  };

  const values = [...new Set(predefined.filter((one) => one.key === key).flatMap((one) => one.values))];
  return (
    <SpaceBetween size="m">
      {failure !== undefined && <Failure error={failure} title={u("notDone")} />}
      {all.length === 0 ? (
        <Box color="text-body-secondary">{t("none")}</Box>
      ) : (
        <ul className="lg-chips lg-chips-row">
          {all.map((tag) => {
            const n = images.filter((image) => image.tags.includes(tag)).length;
            const [name, held] = splitTag(tag);
            return (
              <li key={tag} className="lg-chip">
                <span>
                  <strong>{name}</strong>
                  {held !== undefined && ` = ${held}`}
                  {n < images.length && (
                    <span className="lg-small"> {t("some", { n, all: images.length })}</span>
                  )}
                </span>
                <button
                  type="button"
                  className="lg-plain"
                  disabled={refused !== undefined || isBusy}
                  title={refused ?? t("remove", { tag })}
                  aria-label={t("remove", { tag })}
                  onClick={() => void patch({ [tag]: null })}
                >
                  <Icon name="close" size="small" />
                </button>
              </li>
            );
          })}
        </ul>
      )}
      <form noValidate onSubmit={(event) => void add(event)}>
        <FormField
          stretch
          errorText={problem}
          description={
            enforced.length
              ? t("enforced", { keys: enforced.join(", ") })
              : predefined.length
                ? t("predefined")
                : undefined
          }
          constraintText={
            typeof max === "number" && images.length === 1 ? t("now", { n: all.length, max }) : undefined
          }
        >
          <div className="lg-tag-add">
            <Autosuggest
              value={key}
              ariaLabel={t("key")}
              placeholder={t("key")}
              enteredTextLabel={(text) => t("use", { text })}
              options={[...new Set(predefined.map((one) => one.key))].map((one) => ({ value: one }))}
              onChange={({ detail }) => setKey(detail.value)}
            />
            <Autosuggest
              value={value}
              ariaLabel={t("value")}
              placeholder={t("value")}
              enteredTextLabel={(text) => t("use", { text })}
              options={values.map((one) => ({ value: one }))}
              onChange={({ detail }) => setValue(detail.value)}
            />
            <Button loading={isBusy} disabled={refused !== undefined} disabledReason={refused}>
              {t("add")}
            </Button>
          </div>
        </FormField>
      </form>
      {able.length > 0 && <Skipped images={unable} verb="update" />}
    </SpaceBetween>
  );
}
