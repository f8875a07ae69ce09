import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { PageLoading } from "~/shell/Shell";
import { Failure } from "~/ui/Failure";
import { PolicyEditor } from "./PolicyEditor";
import { texts } from "./texts";

/** A custom policy, to be made or changed. */
export default function PolicyPage() {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const { id = "" } = useParams();
  const isNew = id === "new";
  const { data, error, refetch } = useQuery({
    queryKey: [...key, "access", "policy", id],
    queryFn: () => ok(api.GET("/api/v1/access/policies/{id}", { params: { path: { id } } })),
    enabled: !isNew,
    placeholderData: undefined,
    staleTime: 0,
  });
  if (error && !data) return <Failure error={error} title={t("missing")} retry={() => void refetch()} />;
  if (!isNew && !data) return <PageLoading />;
  return <PolicyEditor key={id} policy={isNew ? undefined : data} />;
}
