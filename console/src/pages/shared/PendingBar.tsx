import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usePlace, usePolicy } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useAcceptAll } from "~/images/acceptAll";
import { nameOf } from "~/images/columns";
import { useImages, usePending } from "~/images/queries";
import { imageTexts } from "~/images/texts";
import { to } from "~/shell/links";
import { useRefusal } from "~/ui/may";
import { useDialog } from "~/ui/url";
import { texts } from "./texts";

const PENDING = { view: "received", state: "pending" };
const SHOWN = 3;

/** What waits for an answer, over the list; its buttons are those that the profile names. */
export function PendingBar() {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const { key, path } = usePlace();
  const pending = usePending();
  const load = useImages(PENDING);
  const acceptAll = useAcceptAll();
  const dialog = useDialog();
  const refused = useRefusal("ims:shares:answer");
  const [isBusy, setBusy] = useState(false);
  const policy = usePolicy();
  const buttons = String(policy("bar.actions") ?? "").split(",");
  const { data } = useQuery({
    queryKey: [...key, "images", "bar"],
    queryFn: ({ signal }) => load({ limit: SHOWN }, signal),
    enabled: pending > 0,
  });
  if (pending === 0 || policy("share.acceptance") === "automatic") return null;
  const offers = data?.rows ?? [];
  const run = async () => {
    setBusy(true);
    await acceptAll();
    setBusy(false);
  };
  const each = {
    view_details: <Button href={to(path("images/shared/pending"))}>{w("act.viewDetails")}</Button>,
    reject_all: (
      <Button onClick={() => dialog("reject-all")} disabled={Boolean(refused)} disabledReason={refused}>
        {w("act.rejectAll")}
      </Button>
    ),
    accept_all: (
      <Button
        variant="primary"
        onClick={() => void run()}
        loading={isBusy}
        disabled={Boolean(refused)}
        disabledReason={refused}
      >
        {w("act.acceptAll")}
      </Button>
    ),
  };
  return (
    <section aria-label={t("bar.title", { n: pending })} className="lg-message-bar">
      <Alert
        type="info"
        header={t("bar.title", { n: pending })}
        action={
          <SpaceBetween direction="horizontal" size="xs">
            {buttons.includes("view_details") && each.view_details}
            {buttons.includes("reject_all") && each.reject_all}
            {buttons.includes("accept_all") && each.accept_all}
          </SpaceBetween>
        }
      >
        {offers.slice(0, SHOWN).map((image) => {
          const who = image.owner.name ?? image.owner.id;
          const offer = { who, image: nameOf(image), kind: w(`short.${image.kind}`) };
          // A full server has no disk of its own; what it takes is room in a vault.
          const gib = image.disk_capacity_gib ?? image.actions.accept?.vault_gib;
          return (
            <div key={image.id}>
              {gib ? t("bar.offer", { ...offer, size: i("gb", { n: gib }) }) : t("bar.offerUnsized", offer)}
            </div>
          );
        })}
        {pending > SHOWN && <div>{t("bar.more", { n: pending - SHOWN })}</div>}
        <div>{t("bar.trust")}</div>
      </Alert>
    </section>
  );
}
