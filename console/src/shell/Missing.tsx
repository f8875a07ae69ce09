import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { useLocation, useParams } from "react-router";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { CopyText } from "~/ui/Copy";
import { ContextSwitcher } from "./ContextSwitcher";
import { useFrame } from "./frame";
import { to } from "./links";
import { shellTexts } from "./texts";

/** An address that leads nowhere. */
export function MissingPage() {
  const t = useTexts(shellTexts);
  const { pathname } = useLocation();
  const { path } = usePlace();
  useFrame(t("missing.title"), []);
  return (
    <Box textAlign="center" padding="xxxl">
      <Box variant="h1">{t("missing.title")}</Box>
      <Box variant="p">{t("missing.text", { path: pathname })}</Box>
      <Button href={to(path("images/private"))}>{t("missing.home")}</Button>
    </Box>
  );
}

/** A link into a project where the user has no role. */
export function WrongPlace() {
  const t = useTexts(shellTexts);
  const { region = "", project = "" } = useParams();
  const { user } = useSession();
  const [isOpen, setOpen] = useState(false);
  useFrame(t("wrong.title"), []);
  return (
    <Box textAlign="center" padding="xxxl">
      <Box variant="h1">{t("wrong.title")}</Box>
      <Box variant="p">{t("wrong.text", { region, project })}</Box>
      <Box variant="p">
        {t("wrong.ask")} <CopyText text={user.id} />
      </Box>
      <Button onClick={() => setOpen(true)}>{t("wrong.projects")}</Button>
      {isOpen && <ContextSwitcher close={() => setOpen(false)} />}
    </Box>
  );
}

export function OperatorsOnly() {
  const t = useTexts(shellTexts);
  useFrame(t("operator.title"), []);
  return (
    <Box textAlign="center" padding="xxxl">
      <Box variant="h1">{t("operator.title")}</Box>
      <Box variant="p">{t("operator.text")}</Box>
    </Box>
  );
}
