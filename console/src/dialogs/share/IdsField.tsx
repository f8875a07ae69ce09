import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import type { ReactNode } from "react";
import { usePolicy } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import type { useChips } from "./chips";
import { IdBox } from "./IdBox";
import { texts } from "./texts";

interface Props {
  of: ReturnType<typeof useChips>;
  description: ReactNode;
  /** What is wrong where no id is. */
  error?: string;
  isOptional?: boolean;
  /** Whether it was opened to be filled in. */
  takesFocus?: boolean;
}

/** The field for the ids of tenants: what the server says of each, how many may be, and what is wrong with them. */
export function IdsField({ of, description, error, isOptional, takesFocus }: Props) {
  const t = useTexts(texts);
  const w = useWords();
  const policy = usePolicy();
  const { chips, max, tooMany, add, remove } = of;
  const bad = chips.filter((chip) => chip.state === "bad");
  const label = w(policy("share.recipient_kind") === "account" ? "label.accountIds" : "label.tenantIds");
  return (
    <FormField
      stretch
      label={
        isOptional ? (
          <>
            {label} – <i>{t("optional")}</i>
          </>
        ) : (
          label
        )
      }
      description={description}
      errorText={tooMany ?? (bad.length ? bad.map((chip) => chip.why).join(" ") : error)}
      constraintText={
        <span className="lg-spread">
          <span>{t("count", { n: chips.length, max })}</span>
          {bad.length > 0 && (
            <Button variant="inline-link" onClick={() => remove(bad.map((chip) => chip.id))}>
              {t("removeBad")}
            </Button>
          )}
        </span>
      }
    >
      <IdBox chips={chips} add={add} remove={remove} takesFocus={takesFocus} />
    </FormField>
  );
}
