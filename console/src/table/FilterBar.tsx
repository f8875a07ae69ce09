import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import PropertyFilter from "@cloudscape-design/components/property-filter";
import type { ReactNode } from "react";
import { usePreferences } from "~/api/preferences";
import { useTexts } from "~/i18n/texts";
import { readToken, type Token, writeToken } from "./state";
import { tableTexts } from "./texts";
import type { Filter } from "./types";

interface Props {
  id: string;
  filters: Filter[];
  tokens: Token[];
  freeText: boolean;
  onChange: (tokens: Token[]) => void;
  isBusy: boolean;
  matches?: string;
  control?: ReactNode;
}

/** The filter of a list: tokens, free text, and the ones the user has kept. */
export function FilterBar({ id, filters, tokens, freeText, onChange, isBusy, matches, control }: Props) {
  const t = useTexts(tableTexts);
  const [{ filters: saved = {} }, change] = usePreferences();
  const mine = saved[id] ?? [];
  const search = tokens.map(writeToken);
  const keep = (next: typeof mine) => change(({ filters = {} }) => ({ filters: { ...filters, [id]: next } }));
  return (
    <div className="lg-filter">
      <PropertyFilter
        query={{
          tokens: tokens.map(({ key, ...rest }) => ({ propertyKey: key, ...rest })),
          operation: "and",
        }}
        onChange={({ detail }) =>
          onChange(
            detail.tokens.map((token) => ({
              key: token.propertyKey,
              operator: token.operator ?? ":",
              value: String(token.value),
            })),
          )
        }
        hideOperations
        disableFreeTextFiltering={!freeText}
        expandToViewport
        countText={matches}
        loading={isBusy}
        filteringAriaLabel={t("filter")}
        filteringPlaceholder={t(freeText ? "filterHint" : "filterProperty")}
        customControl={control}
        filteringProperties={filters.map(({ key, label, values, operators = ["="] }) => ({
          key,
          propertyLabel: label,
          groupValuesLabel: values,
          operators,
          defaultOperator: operators[0],
        }))}
        filteringOptions={filters.flatMap(({ key, options = [] }) =>
          options.map(({ value, label }) => ({ propertyKey: key, value, label: label ?? value })),
        )}
        freeTextFiltering={{ operators: [":"], defaultOperator: ":" }}
      />
      {(mine.length > 0 || tokens.length > 0) && (
        <ButtonDropdown
          variant="icon"
          ariaLabel={t("savedFilters")}
          items={[
            ...mine.map((one, index) => ({ id: String(index), text: one.name, iconName: "filter" as const })),
            ...(tokens.length ? [{ id: "save", text: t("saveFilter"), iconName: "add-plus" as const }] : []),
            ...(mine.length ? [{ id: "drop", text: t("dropFilters"), iconName: "remove" as const }] : []),
          ]}
          onItemClick={({ detail }) => {
            if (detail.id === "save") {
              keep([...mine, { name: search.join(", "), search: JSON.stringify(search) }].slice(-10));
            } else if (detail.id === "drop") keep([]);
            else {
              const kept = mine[Number(detail.id)];
              if (kept)
                onChange((JSON.parse(kept.search) as string[]).flatMap((text) => readToken(text) ?? []));
            }
          }}
        />
      )}
    </div>
  );
}
