import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import type { Schema } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { Failure } from "~/ui/Failure";
import { texts } from "./texts";
import { usePolicyWords } from "./words";

type Report = Schema<"PolicyReport">;

/** What a change would do, asked of the server before it is made. */
export function useEffects(what: unknown, ask: () => Promise<Report>, isReady = true) {
  return useQuery({
    queryKey: ["policy", "effects", what],
    queryFn: ask,
    enabled: isReady,
    placeholderData: undefined,
    staleTime: 0,
    gcTime: 0,
  });
}

export function Effects({
  data,
  error,
  isFetching,
}: Pick<ReturnType<typeof useEffects>, "data" | "error" | "isFetching">) {
  const t = useTexts(texts);
  const { rule, value } = usePolicyWords();
  if (error) return <Failure error={error} />;
  if (!data) return isFetching ? <StatusIndicator type="loading">{t("checking")}</StatusIndicator> : null;
  const above = data.effects.filter((one) => one.count > 0);
  return (
    <div aria-live="polite">
      <Box variant="awsui-key-label">{t("effect")}</Box>
      {data.changed.length === 0 ? (
        t("same")
      ) : (
        <ul>
          {data.changed.map((one) => (
            <li key={one.key}>
              {t("becomes", { rule: rule(one.key), before: value(one.before), after: value(one.after) })}
            </li>
          ))}
        </ul>
      )}
      {above.length > 0 ? (
        <Alert type="warning">
          {above.map((one) => {
            const params = { n: one.count, ceiling: value(one.ceiling), rule: rule(one.key) };
            return (
              <div key={`${one.key}/${one.of}`}>
                {t(one.of === "projects" ? "above.projects" : "above.images", params)}
              </div>
            );
          })}
        </Alert>
      ) : (
        data.changed.length > 0 && <div className="lg-muted">{t("none")}</div>
      )}
    </div>
  );
}
