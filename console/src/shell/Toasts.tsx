import Icon from "@cloudscape-design/components/icon";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { CopyText } from "~/ui/Copy";
import { dropToast, type Toast, toasts } from "./messages";
import { shellTexts } from "./texts";

/** The short news. Each waits while the pointer or the focus is on it. */
export function Toasts() {
  const shown = toasts.use();
  return (
    <div className="lg-toasts" role="status" aria-live="polite">
      {shown.map((one) => (
        <One key={one.id} toast={one} />
      ))}
    </div>
  );
}

function One({ toast }: { toast: Toast }) {
  const t = useTexts(shellTexts);
  const w = useWords();
  const [isHeld, hold] = useState(false);
  const [left, setLeft] = useState(toast.lifetime ?? 0);
  const [showsDetails, showDetails] = useState(false);
  const before = useRef(Date.now());
  const drops = toast.until !== undefined;
  useEffect(() => {
    if (!drops) return;
    before.current = Date.now();
    const timer = setInterval(() => {
      const now = Date.now();
      const passed = now - before.current;
      before.current = now;
      // The server's time for an undo does not wait.
      if (!isHeld || toast.undo) setLeft((left) => left - passed);
    }, 100);
    return () => clearInterval(timer);
  }, [drops, isHeld, toast.undo]);
  useEffect(() => {
    if (drops && left <= 0) dropToast(toast.id);
  }, [drops, left, toast.id]);
  const part = toast.lifetime ? Math.max(0, left / toast.lifetime) : 0;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: holding is a help for the pointer; nothing is done by it
    <div
      className={`lg-toast lg-toast-${toast.kind}`}
      onMouseEnter={() => hold(true)}
      onMouseLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
    >
      <div className="lg-toast-line">
        <StatusIndicator type={toast.kind}>{toast.text}</StatusIndicator>
        <span className="lg-toast-acts">
          {toast.undo && (
            <button
              type="button"
              className="lg-link"
              onClick={() => {
                toast.undo?.();
                dropToast(toast.id);
              }}
            >
              <Ring part={part} /> {w("act.undo")}
            </button>
          )}
          {toast.action && (
            <Link className="lg-link" to={toast.action.href} onClick={() => dropToast(toast.id)}>
              {toast.action.text}
            </Link>
          )}
          {toast.details && (
            <button
              type="button"
              className="lg-link"
              aria-expanded={showsDetails}
              onClick={() => showDetails(!showsDetails)}
            >
              {t("toast.details")}
            </button>
          )}
          <button
            type="button"
            className="lg-plain"
            aria-label={w("act.close")}
            onClick={() => dropToast(toast.id)}
          >
            <Icon name="close" />
          </button>
        </span>
      </div>
      {showsDetails && toast.details && (
        <div className="lg-toast-more">
          <CopyText text={toast.details.code} />
          {toast.details.requestId && <CopyText text={toast.details.requestId} />}
        </div>
      )}
    </div>
  );
}

function Ring({ part }: { part: number }) {
  const around = 2 * Math.PI * 6;
  return (
    <svg className="lg-ring" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6" opacity="0.25" />
      <circle cx="8" cy="8" r="6" strokeDasharray={around} strokeDashoffset={around * (1 - part)} />
    </svg>
  );
}
