import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Spinner from "@cloudscape-design/components/spinner";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Image, Schema } from "~/api/types";
import { Ago, useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { refusal } from "~/images/acts";
import { tellFailure } from "~/images/queries";
import { Failure } from "~/ui/Failure";
import { SmallTable } from "~/ui/SmallTable";
import { texts } from "./texts";

type Check = Schema<"DiskCheckView">;
const LIVE = 1_000;

function stateOf({ damaged, waiting, unreadable, checked_at }: Check) {
  if (damaged) return ["error", "inspection.damaged"] as const;
  if (waiting) return ["in-progress", "inspection.waiting"] as const;
  if (unreadable) return ["warning", "inspection.unreadable"] as const;
  return checked_at ? (["success", "inspection.good"] as const) : (["pending", "inspection.never"] as const);
}

/** Whether the bytes of an image are still what they were. */
export function InspectionTab({ image }: { image: Image }) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const { number } = useFormat();
  const client = useQueryClient();
  const params = { params: { path: { id: image.id } } };
  const queryKey = [...key, "image", image.id, "verify"];
  const { data, error, isPending, refetch } = useQuery({
    queryKey,
    queryFn: () => ok(api.GET("/api/v1/images/{id}/verify", params)),
    refetchInterval: ({ state }) => (state.data?.disks.some((disk) => disk.waiting) ? LIVE : false),
    placeholderData: undefined,
  });
  const verify = useMutation({
    mutationFn: () => ok(api.POST("/api/v1/images/{id}/verify", params)),
    onSuccess: (found) => client.setQueryData(queryKey, found),
    onError: tellFailure,
  });
  const refused = refusal(image, "update") ?? (data?.disks.length === 0 ? t("inspection.none") : undefined);
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t("inspection.text")}
          actions={
            <Button
              loading={verify.isPending}
              disabled={refused !== undefined}
              disabledReason={refused}
              onClick={() => verify.mutate()}
            >
              {t("inspection.do")}
            </Button>
          }
        >
          {t("tab.inspection")}
        </Header>
      }
    >
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <Spinner />
      ) : data.disks.length === 0 ? (
        <Box color="text-body-secondary">{t("inspection.none")}</Box>
      ) : (
        <SmallTable
          heads={[t("backups.position"), t("inspection.found"), t("inspection.at")]}
          rows={data.disks.map((disk) => {
            const [type, text] = stateOf(disk);
            return {
              id: String(disk.position),
              cells: [
                number(disk.position),
                <StatusIndicator key="state" type={type}>
                  {t(text)}
                </StatusIndicator>,
                disk.checked_at ? <Ago key="at" at={disk.checked_at} /> : "–",
              ],
            };
          })}
        />
      )}
    </Container>
  );
}
