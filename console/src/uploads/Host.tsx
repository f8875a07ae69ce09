import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { placePath, usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { refusals } from "~/images/queries";
import { toast } from "~/shell/messages";
import * as engine from "./engine";
import { imagePathOf } from "./paths";
import { texts } from "./texts";
import { arrived, trayOpen, uploads } from "./tray";
import * as tus from "./tus";

const Tray = lazy(() => import("./Tray"));
const WATCHED = 3_000;
const UNWATCHED = 60_000;

/** The unfinished uploads of the project, whoever sends them. */
export function useProjectUploads() {
  const place = usePlace();
  return useQuery({
    queryKey: [...place.key, "uploads"],
    queryFn: ({ signal }) => tus.list(place, signal),
    refetchInterval: ({ state }) => (state.data?.length ? WATCHED : UNWATCHED),
    retry: false,
  });
}

/** Keeps uploads going and tells of them, whatever page is on show. */
export default function UploadHost() {
  const { user } = useSession();
  const { region, project } = usePlace();
  const isOpen = trayOpen.use();
  const { data } = useProjectUploads();
  useEffect(() => {
    engine.recall(user.id);
    const stop = engine.startTelling(user.id);
    return () => {
      stop();
      engine.stopAll();
    };
  }, [user.id]);
  useEffect(() => {
    if (!data) return;
    arrived.set(
      Object.fromEntries(data.map(({ image, offset, length }) => [image, { sent: offset, length }])),
    );
    engine.adopt(data, { region, project }, user.id);
  }, [data, region, project, user.id]);
  useNews();
  return isOpen ? (
    <Suspense fallback={null}>
      <Tray />
    </Suspense>
  ) : null;
}

/** Tells what has ended, and makes lists be read anew. */
function useNews() {
  const t = useTexts(texts);
  const client = useQueryClient();
  const ended = engine.lastEnded.use();
  useEffect(() => {
    if (!ended) return;
    engine.lastEnded.set(null);
    const { upload, image, shared, unshared } = ended;
    const { name, failure, region, project } = upload;
    const uploadsPath = placePath(upload, "uploads");
    for (const what of ["images", "image", "uploads", "quota", "shares", "jobs"]) {
      void client.invalidateQueries({ queryKey: [region, project, what] });
    }
    if (failure) {
      const why = failure.code === engine.ENDED ? t("ended") : failure.message;
      return toast({ kind: "error", text: t("failed.toast", { name, why }), details: failure });
    }
    if (upload.phase === "needs-file")
      return toast({
        kind: "error",
        text: t("changed.toast", { name }),
        action: { text: t("title"), href: uploadsPath },
      });
    if (!image) return;
    if (upload.isChanged) toast({ kind: "error", text: `${name}: ${t("changed.done")}` });
    const action = { text: t("open"), href: imagePathOf(upload) };
    const refused = shared ? refusals(shared) : unshared ? [unshared.message] : [];
    if (refused.length) {
      return toast({ kind: "error", text: t("done.unshared", { name, why: refused.join(" ") }), action });
    }
    const n = shared?.results.length ?? 0;
    toast({
      kind: "success",
      text: n ? t("done.shared", { name, n }) : t("done.toast", { name }),
      action,
    });
  }, [ended, client, t]);
  // A list shows what is reserved as soon as it is, and what has gone.
  const places = uploads.usePart((all) =>
    all.map(({ image, phase }) => `${image}${phase === "sending" ? "+" : ""}`).join(),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: what it is read for is that it changes
  useEffect(() => {
    void client.invalidateQueries({
      predicate: ({ queryKey }) => queryKey[2] === "images" || queryKey[2] === "uploads",
    });
  }, [client, places]);
}
