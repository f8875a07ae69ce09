import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { useRef, useState } from "react";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { tellFailure } from "~/images/queries";
import { Go, to } from "~/shell/links";
import * as engine from "./engine";
import { imagePathOf } from "./paths";
import { texts } from "./texts";
import type { Upload } from "./tray";

export function useDuration() {
  const t = useTexts(texts);
  return (seconds: number): string => {
    const whole = Math.max(1, Math.round(seconds));
    if (whole < 60) return t("seconds", { n: whole });
    if (whole < 3_600) return t("minutes", { m: Math.floor(whole / 60), s: whole % 60 });
    return t("hours", { h: Math.floor(whole / 3_600), m: Math.floor((whole % 3_600) / 60) });
  };
}

/** How far it is, how fast, how long still. */
function useProgressText() {
  const t = useTexts(texts);
  const { bytes } = useFormat();
  const duration = useDuration();
  return ({ sent, length, phase, bytesPerSecond, isElsewhere }: Upload): string => {
    const parts = [t("progress", { sent: bytes(sent), length: bytes(length) })];
    if (phase === "sending" && sent >= length) parts.push(t("phase.checking"));
    else if (phase === "sending" && bytesPerSecond > 0) {
      parts.push(t("speed", { speed: bytes(bytesPerSecond) }));
      parts.push(t("left", { time: duration((length - sent) / bytesPerSecond) }));
    } else if (phase === "waiting" || phase === "lost" || phase === "paused" || phase === "needs-file") {
      parts.push(t(`phase.${phase}`));
    }
    if (isElsewhere) parts.push(t("phase.elsewhere"));
    return parts.join(" · ");
  };
}

/** One upload, with what can be done about it. */
export function UploadRow({ upload }: { upload: Upload }) {
  const t = useTexts(texts);
  const progress = useProgressText();
  const { image, name, filename, phase, sent, length, failure } = upload;
  const percent = Math.floor((100 * sent) / Math.max(1, length));
  return (
    <section className="lg-upload" aria-label={t("label", { name })}>
      <div className="lg-spread">
        <Go to={imagePathOf(upload)} variant="primary">
          {name}
        </Go>
        <span className="lg-muted">{filename}</span>
      </div>
      <Steps upload={upload} />
      {phase !== "done" && phase !== "failed" && (
        // The design system's own waits for its next announcement by drawing frame after frame.
        <div>
          <progress className="lg-progress" max={100} value={percent} aria-label={t("label", { name })} />
          <div className="lg-muted lg-small">{progress(upload)}</div>
        </div>
      )}
      {upload.isChanged && phase !== "failed" && (
        <Alert type="warning">{t(phase === "done" ? "changed.done" : "changed")}</Alert>
      )}
      {failure && (
        <Alert type="error">
          {failure.code === engine.ENDED ? t("ended") : failure.message}
          <div className="lg-small">
            {failure.code} {failure.requestId}
          </div>
        </Alert>
      )}
      {!upload.isElsewhere && <Acts key={image} upload={upload} />}
    </section>
  );
}

function Steps({ upload }: { upload: Upload }) {
  const t = useTexts(texts);
  const { phase, sent, length } = upload;
  const isWhole = sent >= length;
  const isReserved = phase !== "waiting" || sent > 0;
  const step = (reached: boolean, isNow: boolean): StatusIndicatorProps.Type => {
    if (reached) return "success";
    if (!isNow) return "pending";
    if (phase === "failed") return "error";
    return phase === "sending" ? "in-progress" : "stopped";
  };
  const isDone = phase === "done";
  const steps = [
    [t("step.reserve"), step(isReserved, true)],
    [t("step.upload"), step(isDone || isWhole, isReserved)],
    [t("step.check"), step(isDone, isWhole)],
    [t("step.ready"), step(isDone, false)],
  ] as const;
  return (
    <ol className="lg-upload-steps">
      {steps.map(([text, type]) => (
        <li key={text}>
          <StatusIndicator type={type}>{text}</StatusIndicator>
        </li>
      ))}
    </ol>
  );
}

function Acts({ upload }: { upload: Upload }) {
  const t = useTexts(texts);
  const { bytes } = useFormat();
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [other, setOther] = useState<{ file: File; why: engine.Difference }>();
  const field = useRef<HTMLInputElement>(null);
  const { image, name, filename, length, phase } = upload;

  const cancel = async () => {
    setBusy(true);
    await engine.cancelUpload(image).catch(tellFailure);
    setBusy(false);
    setAsked(false);
  };
  const give = async (file: File, how?: { isSame: boolean }) => {
    const why = await engine.giveFile(image, file, how);
    setOther(why && { file, why });
  };
  const startOver = async (file: File) => {
    setBusy(true);
    await engine.startOver(image, file).catch(tellFailure);
    setBusy(false);
    setOther(undefined);
  };
  if (isAsked) {
    return (
      <Alert type="warning">
        <SpaceBetween size="xs">
          <span>{t(upload.isOwn ? "cancel.sure" : "cancel.sureKept")}</span>
          <SpaceBetween size="xs" direction="horizontal">
            <Button loading={isBusy} onClick={() => void cancel()}>
              {t("cancel.do")}
            </Button>
            <Button variant="link" onClick={() => setAsked(false)}>
              {t("cancel.keep")}
            </Button>
          </SpaceBetween>
        </SpaceBetween>
      </Alert>
    );
  }
  return (
    <>
      {other && phase === "needs-file" && (
        <Alert type={other.why === "date" ? "warning" : "error"}>
          <SpaceBetween size="xs">
            <span>{t(`differs.${other.why}`)}</span>
            <SpaceBetween size="xs" direction="horizontal">
              {other.why === "date" && (
                <Button onClick={() => void give(other.file, { isSame: true })}>{t("isSame")}</Button>
              )}
              <Button loading={isBusy} onClick={() => void startOver(other.file)}>
                {t("startOver")}
              </Button>
            </SpaceBetween>
          </SpaceBetween>
        </Alert>
      )}
      <SpaceBetween size="xs" direction="horizontal">
        {(phase === "sending" || phase === "lost" || phase === "waiting") && (
          <Button onClick={() => engine.pauseUpload(image)}>{t("pause")}</Button>
        )}
        {phase === "paused" && <Button onClick={() => engine.resume(image)}>{t("resume")}</Button>}
        {phase === "needs-file" && (
          <Button
            iconName="file"
            ariaLabel={t("chooseAgain", { filename, size: bytes(length) })}
            onClick={() => field.current?.click()}
          >
            {t("choose")}
          </Button>
        )}
        {phase === "failed" && <Button onClick={() => engine.resume(image)}>{t("retry")}</Button>}
        {phase === "failed" && (
          <Button loading={isBusy} onClick={() => void cancel()}>
            {t("leftovers")}
          </Button>
        )}
        {phase === "done" ? (
          <>
            <Button href={to(imagePathOf(upload))}>{t("open")}</Button>
            <Button variant="link" onClick={() => engine.dismiss(image)}>
              {t("dismiss")}
            </Button>
          </>
        ) : (
          phase !== "failed" && (
            <Button variant="link" ariaLabel={t("cancelOf", { name })} onClick={() => setAsked(true)}>
              {t("cancel")}
            </Button>
          )
        )}
      </SpaceBetween>
      <input
        ref={field}
        type="file"
        hidden
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file) void give(file);
          target.value = "";
        }}
      />
    </>
  );
}
