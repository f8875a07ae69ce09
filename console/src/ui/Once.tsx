import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { CopyText } from "./Copy";
import { uiTexts } from "./texts";

/** Shows what the server tells only once; closed when the user says that it is kept. */
export function Once({
  title,
  items,
  close,
}: {
  title: string;
  items: { label: string; value: string }[];
  close: () => void;
}) {
  const t = useTexts(uiTexts);
  const w = useWords();
  const [isKept, setKept] = useState(false);
  return (
    <Modal
      visible
      header={title}
      onDismiss={() => {
        if (isKept) close();
      }}
      footer={
        <Box float="right">
          <Button variant="primary" disabled={!isKept} disabledReason={t("onceKeep")} onClick={close}>
            {w("act.close")}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning">{t("once")}</Alert>
        <KeyValuePairs
          columns={1}
          items={items.map(({ label, value }) => ({ label, value: <CopyText text={value} /> }))}
        />
        <Checkbox checked={isKept} onChange={({ detail }) => setKept(detail.checked)}>
          {t("onceKept")}
        </Checkbox>
      </SpaceBetween>
    </Modal>
  );
}
