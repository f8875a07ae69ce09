import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import type { useChips } from "~/dialogs/share/chips";
import { IdsField } from "~/dialogs/share/IdsField";
import { RecentAndFile } from "~/dialogs/share/RecentAndFile";
import { texts as shareTexts } from "~/dialogs/share/texts";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useRefusal } from "~/ui/may";
import { texts } from "./texts";
import type { StepProps } from "./types";

const NOTE_MAX = 256;

/** Step 3: what happens to it afterwards. */
export function Options({
  draft,
  change,
  wrong,
  isTried,
  recipients,
}: StepProps & { recipients: ReturnType<typeof useChips> }) {
  const t = useTexts(texts);
  const s = useTexts(shareTexts);
  const w = useWords();
  const share = useRefusal("ims:images:share");
  const resolve = useRefusal("ims:tenants:get");
  const refused = share ?? resolve;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{t("step.options")}</Header>}>
        <Toggle
          checked={draft.isProtected}
          description={t("protectHint")}
          onChange={({ detail }) => change({ isProtected: detail.checked })}
        >
          {t("protect")}
        </Toggle>
      </Container>
      <Container header={<Header variant="h2">{t("shareAfter")}</Header>}>
        <SpaceBetween size="l">
          {refused ? (
            <Alert type="info">{refused}</Alert>
          ) : (
            <>
              <IdsField
                of={recipients}
                description={`${t("shareHint")} ${s("hint")}`}
                error={isTried ? wrong.recipients : undefined}
                isOptional
              />
              <RecentAndFile add={recipients.add} />
            </>
          )}
          {recipients.chips.length > 0 && (
            <SpaceBetween size="l">
              <FormField
                stretch
                label={
                  <>
                    {t("note")} – <i>{t("optional")}</i>
                  </>
                }
                constraintText={`${draft.note.length}/${NOTE_MAX}`}
              >
                <Input
                  value={draft.note}
                  onChange={({ detail }) => change({ note: detail.value.slice(0, NOTE_MAX) })}
                />
              </FormField>
              <Alert type="info">{w("risk.share")}</Alert>
              <FormField errorText={isTried ? wrong.ack : undefined}>
                <Checkbox
                  checked={draft.isChecked}
                  onChange={({ detail }) => change({ isChecked: detail.checked })}
                >
                  {t("ack")}
                </Checkbox>
              </FormField>
            </SpaceBetween>
          )}
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
