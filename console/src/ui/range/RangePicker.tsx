import DateRangePicker from "@cloudscape-design/components/date-range-picker";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useTexts } from "~/i18n/texts";
import { useParamsPatch } from "~/ui/url";
import { isPreset, PRESETS, pickedOf, type Range } from "./range";
import { rangeTexts } from "./texts";

/** The time range of the address. */
export function useRange(): Range {
  const [params] = useSearchParams();
  const [last, from, to] = [params.get("last"), params.get("from"), params.get("to")];
  return useMemo(() => ({ last, from, to }), [last, from, to]);
}

export function RangePicker() {
  const t = useTexts(rangeTexts);
  const range = useRange();
  const patch = useParamsPatch();
  return (
    <DateRangePicker
      value={pickedOf(range)}
      ariaLabel={t("label")}
      placeholder={t("any")}
      expandToViewport
      showClearButton
      relativeOptions={PRESETS.map((key) => ({ key, type: "relative", amount: 1, unit: key }))}
      rangeSelectorMode="default"
      i18nStrings={{
        formatRelativeRange: ({ key = "" }) => (isPreset(key) ? t(key) : t("any")),
      }}
      isValidRange={(value) => {
        if (value?.type !== "absolute") return { valid: true };
        if (!value.startDate || !value.endDate) return { valid: false, errorMessage: t("missing") };
        if (new Date(value.startDate) >= new Date(value.endDate))
          return { valid: false, errorMessage: t("bad") };
        return { valid: true };
      }}
      onChange={({ detail: { value } }) =>
        patch({
          last: value?.type === "relative" && isPreset(value.key ?? null) ? (value.key ?? null) : null,
          from: value?.type === "absolute" ? value.startDate : null,
          to: value?.type === "absolute" ? value.endDate : null,
          page: null,
          marker: null,
        })
      }
    />
  );
}
