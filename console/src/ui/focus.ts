import type { InputProps } from "@cloudscape-design/components/input";
import { useEffect, useMemo, useRef } from "react";

/** Focuses the field of a dialog once the dialog has taken the focus for itself. */
export function useFirstFocus() {
  const field = useRef<InputProps.Ref>(null);
  useEffect(() => {
    const timer = setTimeout(() => field.current?.focus(), 50);
    return () => clearTimeout(timer);
  }, []);
  return field;
}

/** Gives the focus back to what had it before a dialog was opened; `dialog` names the open one. */
export function useReturnFocus(dialog: string | null) {
  // Kept while rendering: the dialog takes the focus before any effect of its host runs.
  const opener = useMemo(() => (dialog ? document.activeElement : null), [dialog]);
  useEffect(() => {
    if (!opener) return;
    return () => {
      // After the dialog's own end; what opened it may have gone meanwhile.
      requestAnimationFrame(() => {
        if (document.querySelector("[role=dialog]") || document.activeElement !== document.body) return;
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      });
    };
  }, [opener]);
}
