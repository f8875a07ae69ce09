import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { useTexts } from "~/i18n/texts";
import { refusal } from "~/images/acts";
import { nameOf, useImageColumns, useImageFilters, useImagePath } from "~/images/columns";
import { ImagePanel } from "~/images/ImagePanel";
import { tellFailure, useImages, useRefresh } from "~/images/queries";
import { hasPage } from "~/pages";
import { toast } from "~/shell/messages";
import { Empty, List } from "~/table/List";
import { LinkTabs } from "~/ui/LinkTabs";
import { Page } from "~/ui/Page";
import { Picture } from "~/ui/Picture";
import { texts } from "./texts";

const ORDER = { key: "rank:asc,name", descending: false };
const RANK_MOST = 1_000_000;
const SHOWN = { view: "public", hidden: false };
const HIDDEN = { view: "public", hidden: true };
const idOf = (image: Image) => image.id;
const PATH = "/operator/public-images";

/** Public images of the region, for whoever looks after them. */
export default function PublicImagesPage() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const [params] = useSearchParams();
  const isHidden = params.get("hidden") === "yes";
  const columns = useImageColumns();
  const filters = useImageFilters("own");
  const load = useImages(isHidden ? HIDDEN : SHOWN);
  const imagePath = useImagePath();
  const refresh = useRefresh();
  const [open, setOpen] = useState<"publish" | { act: "withdraw" | "order"; image: Image }>();
  const key = useMemo(() => ["images", "operator-public", String(isHidden)], [isHidden]);
  const change = (
    image: Image,
    body: { hidden?: boolean; visibility?: "private" | "public"; rank?: number },
  ) => ok(api.PATCH("/api/v1/images/{id}", { params: { path: { id: image.id } }, body }));
  const hide = (image: Image) =>
    change(image, { hidden: !image.hidden })
      .then(() =>
        toast({ kind: "success", text: t(image.hidden ? "unhid" : "hid", { image: nameOf(image) }) }),
      )
      .catch(tellFailure)
      .finally(refresh);
  const publish = (
    <Button variant="primary" onClick={() => setOpen("publish")}>
      {t("publish")}
    </Button>
  );
  return (
    <Page title={t("publicImages")} path={PATH} text={t("public.text")} actions={publish}>
      <div>
        <LinkTabs
          label={t("publicImages")}
          tabs={[
            { text: t("shown"), path: PATH, isHere: !isHidden },
            { text: t("hiddenTab"), path: `${PATH}?hidden=yes`, isHere: isHidden },
          ]}
        />
        <List<Image>
          id="operator-public-images"
          title={t("publicImages")}
          queryKey={key}
          load={load}
          rowId={idOf}
          rowName={nameOf}
          columns={[
            columns.name,
            {
              id: "rank",
              header: t("place"),
              sort: "rank",
              width: 115,
              cell: (image) => image.rank || "–",
              csv: (image) => image.rank,
            },
            columns.status,
            columns.os,
            columns.type,
            columns.disk,
            columns.sharedBy,
            columns.arch,
            columns.created,
            columns.id,
          ]}
          filters={filters}
          freeText="q"
          defaultSort={ORDER}
          quick={(image) => [
            {
              id: "hide",
              text: t(image.hidden ? "unhide" : "hide"),
              refused: refusal(image, "update"),
              run: () => void hide(image),
            },
          ]}
          menu={(image) => [
            {
              id: "order",
              text: t("order"),
              refused: refusal(image, "update"),
              run: () => setOpen({ act: "order", image }),
            },
            {
              id: "withdraw",
              text: t("withdraw"),
              refused: refusal(image, "update"),
              run: () => setOpen({ act: "withdraw", image }),
            },
          ]}
          rowPath={hasPage("project", "images/:id") ? imagePath : undefined}
          cli={(image) => `lend image show ${image.id}`}
          panel={(images) => <ImagePanel images={images} />}
          empty={
            <Empty
              picture={<Picture of="images" />}
              title={t("public.empty")}
              text={t("public.emptyText")}
              action={publish}
            />
          }
        />
      </div>
      {open === "publish" && (
        <Publish
          close={() => setOpen(undefined)}
          run={async (image) => {
            await change(image, { visibility: "public" });
            toast({ kind: "success", text: t("published", { image: nameOf(image) }) });
            refresh();
          }}
        />
      )}
      {typeof open === "object" && open.act === "order" && (
        <Order
          image={open.image}
          close={() => setOpen(undefined)}
          run={async (rank) => {
            await change(open.image, { rank });
            toast({ kind: "success", text: t("ordered", { image: nameOf(open.image) }) });
            refresh();
          }}
        />
      )}
      {typeof open === "object" && open.act === "withdraw" && (
        <Confirm
          title={t("withdrawTitle", { image: nameOf(open.image) })}
          verb={t("withdraw")}
          close={() => setOpen(undefined)}
          run={async () => {
            await change(open.image, { visibility: "private" });
            toast({ kind: "success", text: t("withdrew", { image: nameOf(open.image) }) });
            refresh();
          }}
        >
          {t("withdrawText")}
        </Confirm>
      )}
    </Page>
  );
}

/** Where an image stands among the public ones. */
function Order({
  image,
  close,
  run,
}: {
  image: Image;
  close: () => void;
  run: (rank: number) => Promise<void>;
}) {
  const t = useTexts(texts);
  const [text, setText] = useState(String(image.rank));
  const rank = Number(text.trim());
  const bad =
    text.trim() === "" || !Number.isInteger(rank) || rank < 0 || rank > RANK_MOST ? t("orderBad") : undefined;
  return (
    <Confirm
      title={t("orderTitle", { image: nameOf(image) })}
      verb={t("orderSave")}
      close={close}
      refused={bad}
      run={() => run(rank)}
    >
      <div>{t("orderText")}</div>
      <FormField label={t("orderPlace")} constraintText={t("orderHint")} errorText={bad}>
        <Input value={text} inputMode="numeric" onChange={({ detail }) => setText(detail.value)} />
      </FormField>
    </Confirm>
  );
}

function Publish({ close, run }: { close: () => void; run: (image: Image) => Promise<void> }) {
  const t = useTexts(texts);
  const { api, key, info } = usePlace();
  const [id, setId] = useState<string>();
  const { data } = useQuery({
    queryKey: [...key, "images", "to-publish"],
    queryFn: async () => {
      const query = { view: "private", limit: 200 } as object;
      return (await ok(api.GET("/api/v1/images", { params: { query } }))).images;
    },
  });
  const chosen = data?.find((image) => image.id === id);
  const option = (image: Image) => ({ value: image.id, label: nameOf(image), description: image.id });
  return (
    <Confirm
      title={t("publish")}
      verb={t("publishDo")}
      close={close}
      refused={chosen ? refusal(chosen, "update") : t("imageMissing")}
      run={async () => {
        if (chosen) await run(chosen);
      }}
    >
      <div>{t("publishText")}</div>
      <FormField label={t("chooseImage", { project: info.name })}>
        <Select
          expandToViewport
          filteringType="auto"
          placeholder={t("imageMissing")}
          selectedOption={chosen ? option(chosen) : null}
          options={(data ?? []).map(option)}
          onChange={({ detail }) => setId(detail.selectedOption.value)}
        />
      </FormField>
    </Confirm>
  );
}
