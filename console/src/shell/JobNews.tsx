import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { isCancelled, isOpen, useJobTitle } from "~/pages/jobs/shared";
import { texts } from "~/pages/jobs/texts";
import { flash, toast } from "./messages";

/** Whoever began what took so long may be looking at something else by now. */
const LONG_MS = 30_000;
const LIVE_MS = 5_000;

/** Tells the user how his own jobs end, whatever page is on show: what failed, and what took long. */
export default function JobNews() {
  const t = useTexts(texts);
  const { api, key, path } = usePlace();
  const { user } = useSession();
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: [...key, "jobs", "news"],
    queryFn: () => ok(api.GET("/api/v1/jobs", { params: { query: { user: user.id, limit: 20 } } })),
    refetchInterval: ({ state }) => (state.data?.jobs.some(isOpen) ? LIVE_MS : false),
    placeholderData: undefined,
  });
  // Whether each that was seen had ended; those of the first answer are no news.
  const seen = useRef<Map<string, boolean>>(null);
  const title = useJobTitle();
  const latest = useRef(title);
  latest.current = title;
  useEffect(() => {
    if (!data) return;
    const before = seen.current;
    seen.current = new Map(data.jobs.map((job) => [job.id, !isOpen(job)]));
    if (!before) return;
    for (const job of data.jobs) {
      if (isOpen(job) || before.get(job.id) || isCancelled(job)) continue;
      const what = latest.current(job);
      const page = path(`jobs/${job.id}`);
      const took = new Date(job.updated_at).getTime() - new Date(job.created_at).getTime();
      if (job.state === "failed") {
        flash({
          id: job.id,
          kind: "error",
          title: t("news.failed", { job: what }),
          text: job.failure?.message,
          action: { text: t("open"), run: () => void navigate(page) },
        });
      } else if (took > LONG_MS) {
        toast({
          kind: "success",
          text: t("news.done", { job: what }),
          action: { text: t("open"), href: page },
        });
      }
    }
  }, [data, path, navigate, t]);
  return null;
}
