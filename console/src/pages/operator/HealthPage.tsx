import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { PageLoading } from "~/shell/Shell";
import { Failure } from "~/ui/Failure";
import { Page } from "~/ui/Page";
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
          <div className="lg-table-wide">
            <table className="lg-table">
              <caption className="lg-hidden">{t("health")}</caption>
              <thead>
                <tr>
                  <th scope="col">{t("part")}</th>
                  <th scope="col">{t("state")}</th>
                  <th scope="col">{t("driver")}</th>
                  <th scope="col">{t("detail")}</th>
                  <th scope="col">{t("took")}</th>
                </tr>
              </thead>
              <tbody>
                {data.parts.map((part) => (
                  <tr key={`${part.kind}/${part.name ?? ""}`}>
                    <th scope="row">
                      <strong>{partOf(part.kind)}</strong> {part.name}
                    </th>
                    <td>
                      <State state={part.state} />
                    </td>
                    <td>{part.driver}</td>
                    <td>{part.detail}</td>
                    <td className="lg-nowrap">{t("ms", { n: number(part.micros / 1_000) })}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Page>
  );
}
