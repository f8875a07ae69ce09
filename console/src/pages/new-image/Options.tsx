import Alert from "@cloudscape-design/components/alert";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Textarea from "@cloudscape-design/components/textarea";
import Toggle from "@cloudscape-design/components/toggle";
import { useQueries } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import { toApiError } from "~/api/errors";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { looksLikeId } from "~/ui/ids";
import { useRefusal } from "~/ui/may";
import { recipientsOf } from "./draft";
import { texts } from "./texts";
import type { StepProps } from "./types";

const NOTE_MAX = 256;

/** Step 3: what happens to it afterwards. */
export function Options({ draft, change, wrong, isTried }: StepProps) {
  const t = useTexts(texts);
  const w = useWords();
  const policy = usePolicy();
  const refused = useRefusal("ims:images:share");
  const ids = recipientsOf(draft);
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
          {refused && <Alert type="info">{refused}</Alert>}
          <FormField
            stretch
            label={
              <>
                {w(policy("share.recipient_kind") === "account" ? "label.accountIds" : "label.tenantIds")} –{" "}
                <i>{t("optional")}</i>
              </>
            }
            description={t("shareHint")}
            constraintText={w("dlg.idHint")}
            errorText={wrong.recipients}
          >
            <Textarea
              rows={2}
              disabled={refused !== undefined}
              spellcheck={false}
              value={draft.recipients}
              onChange={({ detail }) => change({ recipients: detail.value })}
            />
          </FormField>
          <Resolved ids={ids.filter(looksLikeId)} />
          {ids.length > 0 && (
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

/** Whom the ids mean, as the server says. */
function Resolved({ ids }: { ids: string[] }) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const answers = useQueries({
    queries: ids.map((id) => ({
      queryKey: [...key, "tenants", id],
      queryFn: () => ok(api.GET("/api/v1/tenants/resolve", { params: { query: { id } } })),
      staleTime: 60_000,
      retry: false,
    })),
  });
  if (ids.length === 0) return null;
  return (
    <ul className="lg-plain-list">
      {ids.map((id, index) => {
        const { data, error } = answers[index] ?? {};
        const type = error ? "error" : data ? "success" : "loading";
        return (
          <li key={id}>
            <StatusIndicator type={type}>
              {!error && <span className="lg-mono">{id}</span>}{" "}
              {error ? toApiError(error).message : data ? (data.name ?? t("shareKnown")) : t("shareChecking")}
            </StatusIndicator>
          </li>
        );
      })}
    </ul>
  );
}
