import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import type { Schema } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { PageLoading } from "~/shell/Shell";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { Page } from "~/ui/Page";
import { texts } from "./texts";

const WHAT = ["private_images", "shared_images", "vaults", "vault_capacity_gib"] as const;
const RULES = [
  ["share.max_tenants.system", "rule.system"],
  ["share.max_tenants.data", "rule.data"],
  ["share.max_tenants.iso", "rule.iso"],
  ["share.max_tenants.full_server", "rule.full"],
  ["share.max_ids_per_request", "rule.ids"],
  ["share.max_open_invitations", "rule.open"],
] as const;

/** The ceilings of the project, and how near it is to them. */
export default function QuotasPage() {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key, path, info, region, project } = usePlace();
  const { number } = useFormat();
  const rule = usePolicy();
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: [...key, "quota"],
    queryFn: () => ok(api.GET("/api/v1/quota")),
  });
  const rules = RULES.filter(([name]) => rule(name) !== undefined);
  return (
    <Page
      title={t("title")}
      path={path("quotas")}
      text={t("text", { project: info.name, region })}
      actions={
        <Button
          iconName="refresh"
          loading={isFetching}
          ariaLabel={t("title")}
          onClick={() => void refetch()}
        />
      }
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <PageLoading />}
      {data && (
        <div className="lg-cards">
          {WHAT.map((what) => (
            <Container key={what}>
              <Usage label={w(`quota.${what}`)} text={t(`of.${what}`)} usage={data[what]} />
            </Container>
          ))}
        </div>
      )}
      {rules.length > 0 && (
        <Container header={<Header variant="h2">{t("rules")}</Header>}>
          <KeyValuePairs
            columns={3}
            items={rules.map(([name, text]) => {
              const value = rule(name);
              return { label: t(text), value: typeof value === "number" ? number(value) : t("none") };
            })}
          />
        </Container>
      )}
      <Alert type="info">
        {t("more")} <CopyText text={project} />
      </Alert>
    </Page>
  );
}

function Usage({ label, text, usage }: { label: string; text: string; usage: Schema<"UsageView"> }) {
  const t = useTexts(texts);
  const { used } = usage;
  const max = usage.limit ?? null;
  if (max === null) {
    return (
      <SpaceBetween size="xs">
        <Box variant="awsui-key-label">{label}</Box>
        <Box fontSize="heading-l">{t("usedFree", { used })}</Box>
        <div className="lg-muted">{text}</div>
      </SpaceBetween>
    );
  }
  const share = max === 0 ? 100 : (100 * used) / max;
  return (
    <SpaceBetween size="xs">
      <ProgressBar
        value={Math.min(100, share)}
        label={label}
        description={text}
        additionalInfo={`${t("used", { used, max })} · ${t("left", { n: Math.max(0, max - used) })}`}
      />
      {share >= 80 && (
        <StatusIndicator type={share >= 100 ? "error" : "warning"}>
          {t(share >= 100 ? "full" : "nearly")}
        </StatusIndicator>
      )}
    </SpaceBetween>
  );
}
