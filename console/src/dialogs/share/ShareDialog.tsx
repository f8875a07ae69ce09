import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import { usePreferences } from "~/api/preferences";
import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf, osOf } from "~/images/columns";
import { useImagesById, useRefresh, useUndo } from "~/images/queries";
import { imageTexts } from "~/images/texts";
import type { DialogProps } from "~/pages/registry";
import { toastWithUndo } from "~/shell/messages";
import { tableTexts } from "~/table/texts";
import { Failure } from "~/ui/Failure";
import { parseIds } from "~/ui/ids";
import { uiTexts } from "~/ui/texts";
import { useChips } from "./chips";
import { IdsField } from "./IdsField";
import { RecentAndFile } from "./RecentAndFile";
import { texts } from "./texts";

const NOTE_MAX = 256;
const NO_IMAGES: Image[] = [];
/** How many more tenants may hold an image, as the server counts; nothing where there is no ceiling. */
const slotsLeft = (image: Image) => image.actions.share?.slots_left ?? undefined;

/** Offers images to other projects; each id is asked of the server as soon as it is typed. */
export default function ShareDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const u = useTexts(uiTexts);
  const w = useWords();
  const { api, key, path } = usePlace();
  const policy = usePolicy();
  const refresh = useRefresh();
  const undo = useUndo();
  const [, change] = usePreferences();
  const { data: images = NO_IMAGES, isPending } = useImagesById(ids);
  const [unticked, setUnticked] = useState<ReadonlySet<string>>(new Set());
  const able = useMemo(
    () => images.filter((image) => image.actions.share?.allowed && !unticked.has(image.id)),
    [images, unticked],
  );
  const toggle = (id: string) =>
    setUnticked((now) => new Set(now.has(id) ? [...now].filter((one) => one !== id) : [...now, id]));
  const recipients = useChips(able);
  const { chips, tooMany, add, keepRefused } = recipients;
  // A link may say with whom: each is asked of the server like a typed one.
  const [params] = useSearchParams();
  const to = params.get("to");
  const taken = useRef<string>(null);
  useEffect(() => {
    if (!to || !able.length || taken.current === to) return;
    taken.current = to;
    add(parseIds(to));
  }, [to, able, add]);
  const quota = useQuery({ queryKey: [...key, "quota"], queryFn: () => ok(api.GET("/api/v1/quota")) }).data
    ?.shared_images;
  const [note, setNote] = useState("");
  const [isChecked, setChecked] = useState(false);
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const [isPartly, setPartly] = useState(false);

  const needsAck = policy("share.require_ack") === true;
  const good = chips.filter((chip) => chip.state === "good");
  const bad = chips.filter((chip) => chip.state === "bad");
  const isChecking = chips.some((chip) => chip.state === "checking");
  const refused =
    able.length === 0
      ? unticked.size > 0
        ? i("none.selected")
        : t("needs.images")
      : (tooMany ?? (bad.length ? t("bad", { n: bad.length }) : undefined));
  const unchecked = needsAck && !isChecked ? t("needs.ack") : undefined;

  const share = async () => {
    setTried(true);
    if (!good.length || isChecking || refused || (needsAck && !isChecked)) return;
    setBusy(true);
    setFailure(undefined);
    try {
      const report = await ok(
        api.POST("/api/v1/shares", {
          body: {
            images: able.map((image) => image.id),
            recipients: good.map((chip) => chip.id),
            note: note || undefined,
            acknowledge: isChecked,
            mode: "partial",
          },
        }),
      );
      const done = report.results.filter((pair) => pair.outcome === "shared");
      const count = (of: "image" | "recipient") => new Set(done.map((pair) => pair[of])).size;
      if (done.length) {
        toastWithUndo(
          t("done", {
            images: t("doneImages", { n: count("image") }),
            tenants: t("doneTenants", { n: count("recipient") }),
          }),
          report.undo,
          undo,
          { text: w("act.view"), href: path("images/private?q=shared%3Dtrue") },
        );
        const sent = good.map((chip) => (chip.name ? `${chip.id} (${chip.name})` : chip.id));
        change(({ recentRecipients = [] }) => ({
          recentRecipients: [...new Set([...sent, ...recentRecipients])].slice(0, 10),
        }));
      }
      if (report.results.some((pair) => pair.outcome === "refused")) {
        keepRefused(report);
        setPartly(true);
      } else close();
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
      refresh();
    }
  };

  return (
    <Modal
      visible
      size="large"
      onDismiss={close}
      header={t("title", { n: ids.length - unticked.size })}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={close}>
              {w("act.cancel")}
            </Button>
            <Button
              variant="primary"
              onClick={() => void share()}
              loading={isBusy}
              disabled={(refused ?? unchecked) !== undefined}
              disabledReason={refused ?? unchecked}
            >
              {good.length ? t("submit", { n: good.length }) : t("submitNone")}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="l">
        {failure !== undefined && <Failure error={failure} title={u("notDone")} />}
        {isPartly && <Alert type="warning">{t("partly")}</Alert>}
        {quota && (
          <div>
            <div>{w("dlg.selected", { n: able.length })}</div>
            {typeof quota.limit === "number"
              ? w("dlg.imageQuota", { max: quota.limit, n: quota.used })
              : t("shared", { n: quota.used })}
          </div>
        )}
        {isPending ? <Spinner /> : <Images images={images} unticked={unticked} toggle={toggle} />}
        <IdsField
          of={recipients}
          description={t("hint")}
          error={isTried && good.length === 0 ? t("needs.ids") : undefined}
          takesFocus
        />
        <RecentAndFile add={add} />
        <FormField
          stretch
          label={
            <>
              {t("note")} – <i>{t("optional")}</i>
            </>
          }
          constraintText={`${note.length}/${NOTE_MAX}`}
        >
          <Input value={note} onChange={({ detail }) => setNote(detail.value.slice(0, NOTE_MAX))} />
        </FormField>
        <Alert type="info">{w("risk.share")}</Alert>
        <FormField errorText={isTried && needsAck && !isChecked ? t("needs.ack") : undefined}>
          <Checkbox checked={isChecked} onChange={({ detail }) => setChecked(detail.checked)}>
            {t("ack")}
          </Checkbox>
        </FormField>
      </SpaceBetween>
    </Modal>
  );
}

/** What is offered, unless it is unticked; what cannot be is struck through, with the reason. */
function Images({
  images,
  unticked,
  toggle,
}: {
  images: Image[];
  unticked: ReadonlySet<string>;
  toggle: (id: string) => void;
}) {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const table = useTexts(tableTexts);
  const w = useWords();
  const policy = usePolicy();
  return (
    <div className="lg-scroll">
      <table className="lg-table">
        <thead>
          <tr>
            <th scope="col">
              <span className="lg-hidden">{table("ticks")}</span>
            </th>
            <th scope="col">{i("col.name")}</th>
            <th scope="col">{i("col.os")}</th>
            <th scope="col">{i("col.disk")}</th>
            <th scope="col">{w("col.slots")}</th>
          </tr>
        </thead>
        <tbody>
          {images.map((image) => {
            const why = refusal(image, "share");
            const left = slotsLeft(image);
            const ceiling = policy(`share.max_tenants.${image.kind}`);
            return (
              <tr key={image.id}>
                <td>
                  <Checkbox
                    checked={!why && !unticked.has(image.id)}
                    disabled={why !== undefined}
                    ariaLabel={table("selectRow", { name: nameOf(image) })}
                    onChange={() => toggle(image.id)}
                  />
                </td>
                <th scope="row">
                  {why ? <s>{nameOf(image)}</s> : nameOf(image)}
                  {why && <div className="lg-small">{t("cannot", { why })}</div>}
                </th>
                <td>{osOf(image)}</td>
                <td>{image.disk_capacity_gib ?? "--"}</td>
                <td>
                  {left === undefined
                    ? "–"
                    : typeof ceiling === "number"
                      ? t("slots", { left, used: Math.max(0, ceiling - left) })
                      : left}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
