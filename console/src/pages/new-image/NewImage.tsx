import Alert from "@cloudscape-design/components/alert";
import Wizard from "@cloudscape-design/components/wizard";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import { toApiError } from "~/api/errors";
import { useSession } from "~/api/session";
import type { Image } from "~/api/types";
import { useChips } from "~/dialogs/share/chips";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusals, useRefresh } from "~/images/queries";
import { imageTexts } from "~/images/texts";
import { Help, useFrame } from "~/shell/frame";
import { toast } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { useParamsPatch } from "~/ui/url";
import * as engine from "~/uploads/engine";
import { imagePathOf } from "~/uploads/paths";
import { trayOpen } from "~/uploads/tray";
import { largestUpload } from "~/uploads/tus";
import { FIELDS, useChecks, type Wrong } from "./checks";
import { Details } from "./Details";
import { type Draft, EMPTY, type Kind, recordOf, serverImageOf } from "./draft";
import { Options } from "./Options";
import { Review } from "./Review";
import { Source, useImageQuota, useKindRefusals } from "./Source";
import { texts } from "./texts";
import type { StepProps } from "./types";

const STEPS = ["source", "details", "options", "review"] as const;

/** What a link to the wizard may say: the kind, and the backup. */
function firstDraft(params: URLSearchParams): Draft {
  const kind = params.get("kind") ?? (params.has("backup") ? "full_server" : "system");
  const isKind = (text: string): text is Kind => ["system", "data", "full_server", "iso"].includes(text);
  return { ...EMPTY, kind: isKind(kind) ? kind : "system", backup: params.get("backup") ?? "" };
}

/** Makes an image of a file of this computer, or of a backup. */
export default function NewImage() {
  const t = useTexts(texts);
  const i = useTexts(imageTexts);
  const w = useWords();
  const { path, key } = usePlace();
  const place = usePlace();
  const navigate = useNavigate();
  const patch = useParamsPatch();
  const [params] = useSearchParams();
  const policy = usePolicy();
  const [told, setDraft] = useState(() => firstDraft(params));
  const ceiling = policy(`share.max_tenants.${told.kind}`);
  const recipients = useChips(null, typeof ceiling === "number" ? ceiling : undefined);
  const { chips, tooMany } = recipients;
  const draft = useMemo(
    (): Draft => ({ ...told, recipients: chips.flatMap(({ id, state }) => (state === "good" ? [id] : [])) }),
    [told, chips],
  );
  const [tried, setTried] = useState<ReadonlySet<number>>(new Set());
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const maxBytes = useQuery({
    queryKey: [...key, "upload-limit"],
    queryFn: () => largestUpload(place),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  }).data;
  const quota = useImageQuota();
  const check = useChecks(maxBytes);
  const submit = useSubmit();
  const refusedKinds = useKindRefusals();
  useFrame(w("act.create"), [
    { text: i("title"), href: path("images/private") },
    { text: w("tab.private"), href: path("images/private") },
    { text: w("act.create"), href: path("images/new") },
  ]);

  // It would lie over the buttons.
  useEffect(() => trayOpen.set(false), []);

  const change = useCallback(
    (how: Partial<Draft> | ((now: Draft) => Draft)) =>
      setDraft((now) => (typeof how === "function" ? how(now) : { ...now, ...how })),
    [],
  );
  const wrong: Wrong = {
    ...check(draft),
    recipients:
      tooMany ??
      chips.find((chip) => chip.state === "bad")?.why ??
      (chips.some((chip) => chip.state === "checking") ? t("bad.checking") : undefined),
  };
  const isFull = quota !== undefined && typeof quota.limit === "number" && quota.used >= quota.limit;
  const isRight = (step: number) =>
    (FIELDS[step] ?? []).every((field) => wrong[field] === undefined) && !(step === 0 && isFull);
  const wanted = (STEPS as readonly (string | null)[]).indexOf(params.get("step"));
  // A link may say a later step than what is filled in allows.
  const firstWrong = STEPS.findIndex((_, index) => !isRight(index));
  const step = Math.max(0, Math.min(wanted, firstWrong < 0 ? STEPS.length - 1 : firstWrong));
  const go = (next: number) => patch({ step: next > 0 ? (STEPS[next] ?? null) : null }, { push: true });

  const create = async () => {
    setBusy(true);
    setFailure(undefined);
    try {
      await submit({ ...draft, sha256: draft.sha256.trim().toLowerCase() });
      void navigate(path("images/private"));
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };

  const everyRefusal = Object.values(refusedKinds);
  if (everyRefusal.every((why) => why !== undefined)) {
    return (
      <Alert type="info" header={t("refused")}>
        {everyRefusal[0]}
      </Alert>
    );
  }
  const props: StepProps = { draft, change, wrong, isTried: tried.has(step) };
  const contents = [
    <Source key="source" {...props} />,
    <Details key="details" {...props} />,
    <Options key="options" {...props} recipients={recipients} />,
    <Review key="review" draft={draft} edit={go} />,
  ];
  return (
    <>
      <Wizard
        activeStepIndex={step}
        isLoadingNextStep={isBusy}
        submitButtonText={w("act.create")}
        i18nStrings={{
          stepNumberLabel: (one) => t("stepShort", { step: one }),
          collapsedStepsLabel: (one, all) => t("stepOf", { step: one, all }),
          navigationAriaLabel: t("steps"),
          cancelButton: w("act.cancel"),
          previousButton: t("previous"),
          nextButton: t("next"),
          optional: t("optional"),
          errorIconAriaLabel: t("errorIcon"),
          submitButtonLoadingAnnouncement: t("submitting"),
        }}
        onCancel={() => void navigate(path("images/private"))}
        onNavigate={({ detail }) => {
          const next = detail.requestedStepIndex;
          if (next > step && !isRight(step)) setTried((now) => new Set([...now, step]));
          else go(next);
        }}
        onSubmit={() => void create()}
        steps={STEPS.map((name, index) => ({
          title: t(`step.${name}`),
          content: (
            <>
              {failure !== undefined && index === step && <Failure error={failure} title={t("errorIcon")} />}
              {contents[index]}
            </>
          ),
        }))}
      />
      <Help title={t("help.title")}>
        <p>{t("help.kinds")}</p>
        <p>{t("help.upload")}</p>
        <p>{t("help.backing")}</p>
      </Help>
    </>
  );
}

/** Does what the wizard was told. An upload goes on in the tray. */
function useSubmit() {
  const t = useTexts(texts);
  const place = usePlace();
  const { api, region, project } = place;
  const { user } = useSession();
  const refresh = useRefresh();

  const share = async (image: Image, draft: Draft) => {
    const { recipients } = draft;
    if (!recipients.length) return;
    const body = {
      images: [image.id],
      recipients,
      note: draft.note || undefined,
      acknowledge: draft.isChecked,
      mode: "partial" as const,
    };
    const report = await ok(api.POST("/api/v1/shares", { body }));
    const refused = refusals(report);
    if (refused.length) throw new Error(refused.join(" "));
  };

  return async (draft: Draft) => {
    if (draft.kind === "full_server") {
      const image = await ok(
        api.POST("/api/v1/backups/{id}/image", {
          params: { path: { id: draft.backup } },
          body: serverImageOf(draft),
        }),
      );
      const action = { text: t("step.details"), href: imagePathOf({ image: image.id, region, project }) };
      const name = image.name ?? image.id;
      try {
        if (draft.isProtected) {
          const params = { path: { id: image.id } };
          await ok(api.PATCH("/api/v1/images/{id}", { params, body: { protected: true } }));
        }
        await share(image, draft);
        toast({ kind: "success", text: t("created", { name }), action });
      } catch (error) {
        const why = toApiError(error).message;
        toast({ kind: "error", text: t("sharedLater", { name, why }), action });
      }
      return refresh();
    }
    if (!draft.file) return;
    const image = await ok(api.POST("/api/v1/images", { body: recordOf(draft) }));
    const { recipients } = draft;
    await engine.start(draft.file, {
      region,
      project,
      user: user.id,
      image: image.id,
      name: image.name ?? image.id,
      sha256: draft.sha256 || undefined,
      isOwn: true,
      share: recipients.length
        ? { recipients, note: draft.note || undefined, acknowledge: draft.isChecked }
        : undefined,
    });
    trayOpen.set(true);
    refresh();
  };
}
