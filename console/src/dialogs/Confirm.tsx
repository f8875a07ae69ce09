import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal, { type ModalProps } from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { Failure } from "~/ui/Failure";
import { uiTexts } from "~/ui/texts";

interface Props {
  title: string;
  /** The verb, never "Yes". */
  verb: string;
  /** Done on the verb; what it throws is shown, and the dialog stays. */
  run: () => Promise<void>;
  close: () => void;
  refused?: string;
  /** Takes a refusal that is shown at a field; what it does not take is shown on top. */
  place?: (error: unknown) => boolean;
  size?: ModalProps.Size;
  children: ReactNode;
}

/** Asks before an act, and says what comes of it. */
export function Confirm({ title, verb, run, close, refused, place, size, children }: Props) {
  const w = useWords();
  const u = useTexts(uiTexts);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const form = useId();
  const act = async (event: FormEvent) => {
    event.preventDefault();
    if (refused !== undefined || isBusy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await run();
      close();
    } catch (error) {
      if (!place?.(error)) setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      size={size}
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
              form={form}
            >
              {verb}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form id={form} noValidate onSubmit={(event) => void act(event)}>
        <SpaceBetween size="m">
          {failure !== undefined && <Failure error={failure} title={u("notDone")} />}
          {children}
        </SpaceBetween>
      </form>
    </Modal>
  );
}
