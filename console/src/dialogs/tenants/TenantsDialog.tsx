import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useState } from "react";
import type { Image, Share } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { nameOf } from "~/images/columns";
import { useImage } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { Failure } from "~/ui/Failure";
import { uiTexts } from "~/ui/texts";
import { AddTenants } from "./AddTenants";
import { Losing, TenantsTable, useLosingTitle } from "./TenantsTable";
import { useSlots, useTenantActs } from "./tenants";
import { texts } from "./texts";

/** The tenants of one image, over the list it was opened from. */
export default function TenantsDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { data: image, error, refetch } = useImage(ids[0] ?? "");
  return (
    <Modal
      visible
      size="max"
      onDismiss={close}
      header={image ? t("title", { image: nameOf(image) }) : w("tenants.title")}
      footer={
        <Box float="right">
          <Button onClick={close}>{w("act.close")}</Button>
        </Box>
      }
    >
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : image ? (
        <Tenants image={image} />
      ) : (
        <Spinner />
      )}
    </Modal>
  );
}

function Tenants({ image }: { image: Image }) {
  const t = useTexts(texts);
  const [isAdding, setAdding] = useState(false);
  const [losing, setLosing] = useState<Share[] | "all">();
  const { tenants, used, max } = useSlots(image);
  return (
    <TenantsTable
      image={image}
      add={isAdding ? undefined : () => setAdding(true)}
      ask={setLosing}
      above={
        <SpaceBetween size="s">
          <div>{max === null ? t("now", { n: tenants }) : t("slots", { used, max })}</div>
          {isAdding && <AddTenants image={image} close={() => setAdding(false)} />}
          {losing && <Ask image={image} losing={losing} close={() => setLosing(undefined)} />}
        </SpaceBetween>
      }
    />
  );
}

/** Asks within the dialog: one over another would hide what it is about. */
function Ask({ image, losing, close }: { image: Image; losing: Share[] | "all"; close: () => void }) {
  const t = useTexts(texts);
  const u = useTexts(uiTexts);
  const w = useWords();
  const { remove } = useTenantActs(image.id);
  const title = useLosingTitle();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const run = async () => {
    setBusy(true);
    try {
      await remove(losing);
      close();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Alert
      type="warning"
      header={title(image, losing)}
      action={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={close}>{w("act.cancel")}</Button>
          <Button variant="primary" loading={isBusy} onClick={() => void run()}>
            {t("verb")}
          </Button>
        </SpaceBetween>
      }
    >
      <Losing image={image} shares={losing} />
      {failure !== undefined && <Failure error={failure} title={u("notDone")} />}
    </Alert>
  );
}
