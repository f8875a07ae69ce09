import ProgressBar from "@cloudscape-design/components/progress-bar";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import type { Job } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { toast } from "~/shell/messages";
import type { Act } from "~/table/types";
import { short } from "~/ui/Copy";
import { useRefusal } from "~/ui/may";
import { useParamsPatch } from "~/ui/url";
import { useDuration } from "~/uploads/UploadRow";
import { texts } from "./texts";

export const isOpen = ({ state }: Job): boolean => state === "ready" || state === "running";

export const isCancelled = ({ failure }: Job): boolean => failure?.code === "JOB_CANCELLED";

const refusedOf = ({ results }: Job) => results.filter((pair) => pair.outcome === "refused").length;

const did = ({ results }: Job, ...outcomes: string[]) =>
  results.some((pair) => outcomes.includes(pair.outcome));

/** The images that a job is about: those that it shares, the one that it copies, or the one that it makes. */
const imagesOf = ({ kind, results, source, image }: Job): string[] =>
  kind === "share"
    ? [...new Set(results.map((pair) => pair.image))]
    : [source ?? image ?? ""].filter(Boolean);

/** What a job does, and to which image, as a title. */
export function useJobTitle() {
  const t = useTexts(texts);
  return (job: Job): string => {
    const { kind } = job;
    const images = imagesOf(job);
    const [first] = images;
    const what =
      first && images.length === 1
        ? t("what.one", { of: job.image_names[first] ?? short(first) })
        : t("what.many", { n: images.length });
    if (kind === "share") {
      const act = did(job, "removed")
        ? "remove"
        : did(job, "answered", "already_answered")
          ? "answer"
          : "share";
      return t(`title.${act}`, { what });
    }
    if (kind === "image_replicate" || kind === "image_copy" || kind === "server_image")
      return t(`title.${kind}`, { what });
    return t("title.other", { kind });
  };
}

/** Does again what failed: by the dialog that began it, with what is left to do. */
export function useRetry() {
  const t = useTexts(texts);
  const patch = useParamsPatch();
  return (job: Job): Act => {
    const refused = job.results.filter((pair) => pair.outcome === "refused");
    const ids = (of: "image" | "recipient") => [...new Set(refused.map((pair) => pair[of]))].join(",");
    const open = (dialog: string, ids: string, to: string | null = null) =>
      patch({ dialog, ids, to }, { push: true });
    const act = { id: "retry", text: t("retry") };
    if (job.kind === "share" && refused.length > 0 && !did(job, "removed", "answered", "already_answered"))
      return { ...act, run: () => open("share", ids("image"), ids("recipient")) };
    if (job.state === "failed" && job.source)
      return { ...act, run: () => open(job.kind === "image_copy" ? "copy" : "replicate", job.source ?? "") };
    return { ...act, refused: t(isOpen(job) ? "refused.open" : "refused.good") };
  };
}

export function useJobKind() {
  const t = useTexts(texts);
  return (kind: string): string =>
    `kind.${kind}` in texts.entries ? t(`kind.${kind}` as "kind.share") : kind;
}

const STATES: Record<Job["state"], StatusIndicatorProps.Type> = {
  ready: "pending",
  running: "in-progress",
  succeeded: "success",
  failed: "error",
};

export function JobState({ job }: { job: Job }) {
  const t = useTexts(texts);
  if (isCancelled(job)) return <StatusIndicator type="stopped">{t("state.cancelled")}</StatusIndicator>;
  const isPartly = job.state === "succeeded" && refusedOf(job) > 0;
  return (
    <StatusIndicator type={isPartly ? "warning" : STATES[job.state]}>
      {isPartly ? t("state.partly") : t(`state.${job.state}`)}
    </StatusIndicator>
  );
}

export function JobProgress({ job }: { job: Job }) {
  const t = useTexts(texts);
  if (!isOpen(job)) return <>{job.state === "succeeded" ? "100 %" : "–"}</>;
  return <ProgressBar variant="standalone" value={job.progress_percent} ariaLabel={t("progress")} />;
}

/** "4 of 4"; nothing where the work has no pairs. */
export function useJobResult() {
  const t = useTexts(texts);
  return (job: Job): string =>
    job.results.length
      ? t("resultOf", { good: job.results.length - refusedOf(job), all: job.results.length })
      : "–";
}

export function useStarter() {
  const t = useTexts(texts);
  const { user } = useSession();
  return (job: Job): string => (job.user === user.id ? t("byYou") : job.user);
}

/** How long it took, or takes already. */
export function useJobDuration() {
  const duration = useDuration();
  return (job: Job): string => {
    const end = isOpen(job) ? Date.now() : new Date(job.updated_at).getTime();
    return duration((end - new Date(job.created_at).getTime()) / 1_000);
  };
}

/** Why a job cannot be cancelled. */
export function useCancelRefusal() {
  const t = useTexts(texts);
  const role = useRefusal("ims:jobs:cancel");
  return (job: Job): string | undefined => (isOpen(job) ? role : t("refused.ended"));
}

export function useCancel() {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ok(api.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id } } })),
    onSuccess: () => toast({ kind: "success", text: t("cancelled") }),
    onSettled: () => {
      for (const what of ["jobs", "images", "quota"]) {
        void client.invalidateQueries({ queryKey: [...key, what] });
      }
    },
  });
}

/** The end of a job that has ended. */
export function useEnd() {
  const { exact } = useFormat();
  return (job: Job): string => (isOpen(job) ? "–" : exact(job.updated_at));
}
