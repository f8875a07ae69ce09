import type { InputProps } from "@cloudscape-design/components/input";
import { useEffect, useRef } from "react";

/** Focuses the field of a dialog once the dialog has taken the focus for itself. */
export function useFirstFocus() {
  const field = useRef<InputProps.Ref>(null);
  useEffect(() => {
    const timer = setTimeout(() => field.current?.focus(), 50);
    return () => clearTimeout(timer);
  }, []);
  return field;
}
