import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useTexts } from "~/i18n/texts";
import { useFirstFocus } from "~/ui/focus";
import { texts } from "./texts";

export interface VaultForm {
  name: string;
  capacity: string;
  description: string;
}

export const capacityOf = (text: string): number | undefined =>
  /^[1-9]\d{0,8}$/.test(text.trim()) ? Number(text) : undefined;

/** Why the form cannot be sent yet; the server decides the rest. */
export function useVaultProblem() {
  const t = useTexts(texts);
  return ({ name, capacity }: VaultForm, used = 0): string | undefined => {
    if (!name.trim()) return t("nameMissing");
    const wanted = capacityOf(capacity);
    if (wanted === undefined) return t("capacityBad");
    return wanted < used ? t("capacityUsed", { n: used }) : undefined;
  };
}

export function VaultFields({
  form,
  change,
  used = 0,
}: {
  form: VaultForm;
  change: (patch: Partial<VaultForm>) => void;
  used?: number;
}) {
  const t = useTexts(texts);
  const first = useFirstFocus();
  const wanted = capacityOf(form.capacity);
  return (
    <SpaceBetween size="m">
      <FormField label={t("name")}>
        <Input
          ref={first}
          value={form.name}
          ariaRequired
          nativeInputAttributes={{ maxLength: 64 }}
          onChange={({ detail }) => change({ name: detail.value })}
        />
      </FormField>
      <FormField
        label={t("capacity")}
        errorText={
          form.capacity && wanted === undefined
            ? t("capacityBad")
            : wanted !== undefined && wanted < used
              ? t("capacityUsed", { n: used })
              : undefined
        }
      >
        <Input
          inputMode="numeric"
          value={form.capacity}
          ariaRequired
          onChange={({ detail }) => change({ capacity: detail.value })}
        />
      </FormField>
      <FormField
        label={
          <>
            {t("description")} – <i>{t("optional")}</i>
          </>
        }
      >
        <Textarea
          rows={2}
          value={form.description}
          onChange={({ detail }) => change({ description: detail.value })}
        />
      </FormField>
    </SpaceBetween>
  );
}
