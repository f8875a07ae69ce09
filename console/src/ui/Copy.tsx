import Icon from "@cloudscape-design/components/icon";
import { useState } from "react";
import { useTexts } from "~/i18n/texts";
import { uiTexts } from "./texts";

export async function copy(text: string) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS browsers offer no clipboard; the old way still works.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

/** An id that can be copied; shortened unless `whole`. `isOffKeys` where the keys have another way to it. */
export function CopyText({
  text,
  shown,
  whole = true,
  isOffKeys = false,
}: {
  text: string;
  shown?: string;
  whole?: boolean;
  isOffKeys?: boolean;
}) {
  const t = useTexts(uiTexts);
  const [isCopied, setCopied] = useState(false);
  return (
    <span className="lg-copy">
      <span className="lg-mono" title={text}>
        {shown ?? (whole ? text : short(text))}
      </span>
      <button
        type="button"
        className="lg-plain"
        tabIndex={isOffKeys ? -1 : undefined}
        aria-label={isCopied ? t("copied") : t("copy", { text })}
        title={isCopied ? t("copied") : t("copyShort")}
        onClick={(event) => {
          event.stopPropagation();
          void copy(text).then(() => setCopied(true));
        }}
        onBlur={() => setCopied(false)}
        onMouseLeave={() => setCopied(false)}
      >
        <Icon name={isCopied ? "check" : "copy"} size="small" />
      </button>
    </span>
  );
}

/** `4f0c…e291` */
export const short = (id: string): string => (id.length > 12 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id);
