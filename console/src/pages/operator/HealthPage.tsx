import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { PageLoading } from "~/shell/Shell";
import { Failure } from "~/ui/Failure";
import { Page } from "~/ui/Page";
import { SmallTable } from "~/ui/SmallTable";
import { texts } from "./texts";

const LOOK = { ok: "success", warning: "warning", failed: "error" } as const;
const PARTS = ["database", "store", "identity", "jobs", "audit", "syslog", "webhooks"] as const;

function State({ state }: { state: string }) {
  const t = useTexts(texts);
  if (!(state in LOOK)) return <>{state}</>;
  const known = state as keyof typeof LOOK;
  return (
    <StatusIndicator type={LOOK[known]} wrapText={false}>
      {t(`state.${known}`)}
    </StatusIndicator>
  );
}

/** What was found out about a part, in the reader's language; what the console does not know, as it came. */
function FindingText({ part: { code, number: n, detail } }: { part: Schema<"PartView"> }) {
  const t = useTexts(texts);
  const { bytes, number } = useFormat();
  const key = `finding.${code}`;
  if (!(key in texts.entries)) return <>{detail}</>;
  return <>{t(key as "finding.schema", { n: number(n ?? 0), size: bytes(n ?? 0) } as { n: string })}</>;
}

/** Whether every part of the installation works. */
export default function HealthPage() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const { exact, number } = useFormat();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["operator", "health"],
    queryFn: () => ok(api.GET("/api/v1/health")),
    refetchInterval: 30_000,
  });
  const partOf = (kind: string) => {
    const known = PARTS.find((one) => one === kind);
    return known ? t(`part.${known}`) : kind;
  };
  return (
    <Page
      title={t("health")}
      path="/operator/health"
      text={t("health.text")}
      actions={
        <Button iconName="refresh" loading={isFetching} onClick={() => void refetch()}>
          {t("test")}
        </Button>
      }
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <PageLoading />}
      {data && (
        <>
          <Container>
            <KeyValuePairs
              columns={3}
              items={[
                { label: t("state"), value: <State state={data.state} /> },
                { label: t("version"), value: data.version },
                { label: t("clock"), value: exact(data.now) },
              ]}
            />
          </Container>
          <SmallTable
            heads={[t("part"), t("state"), t("driver"), t("detail"), t("took")]}
            rows={data.parts.map((part) => ({
              id: `${part.kind}/${part.name ?? ""}`,
              cells: [
                <span key="part">
                  <strong>{partOf(part.kind)}</strong> {part.name}
                </span>,
                <State key="state" state={part.state} />,
                part.driver,
                <FindingText key="finding" part={part} />,
                <span key="took" className="lg-nowrap">
                  {t("ms", { n: number(part.micros / 1_000) })}
                </span>,
              ],
            }))}
          />
        </>
      )}
    </Page>
  );
}
