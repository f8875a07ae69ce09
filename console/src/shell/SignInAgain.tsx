import Box from "@cloudscape-design/components/box";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { sessionReplaced, signInWanted } from "~/api/send";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { SignInForm } from "~/pages/sign-in/SignInForm";
import { shellTexts } from "./texts";

/** Asks to sign in again over the page, which waits with all that was typed. */
export function SignInAgain() {
  const isWanted = signInWanted.use();
  return isWanted ? <Dialog /> : null;
}

function Dialog() {
  const t = useTexts(shellTexts);
  const { user, account } = useSession();
  return (
    <Modal visible header={t("again.title")} onDismiss={() => undefined}>
      <SpaceBetween size="m">
        <Box variant="p">{t("again.text")}</Box>
        <SignInForm
          known={{ account: account.name, user: user.name }}
          done={(session) => {
            if (session.user.id !== user.id) return location.reload();
            sessionReplaced();
          }}
        />
      </SpaceBetween>
    </Modal>
  );
}
