import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { useWords } from "~/i18n/words";
import { Failure } from "~/ui/Failure";

interface Props {
  title: string;
  /** The verb, never "Yes". */
  verb: string;
  /** Done on the verb; what it throws is shown, and the dialog stays. */
  run: () => Promise<void>;
  close: () => void;
  refused?: string;
  children: ReactNode;
}

/** Asks before an act, and says what comes of it. */
export function Confirm({ title, verb, run, close, refused, children }: Props) {
  const w = useWords();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const act = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await run();
      close();
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      onDismiss={close}
      header={title}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={close}>
              {w("act.cancel")}
            </Button>
            <Button
              variant="primary"
              loading={isBusy}
              disabled={refused !== undefined}
              disabledReason={refused}
              onClick={() => void act()}
            >
              {verb}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {failure !== undefined && <Failure error={failure} />}
        {children}
      </SpaceBetween>
    </Modal>
  );
}
