import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useRef } from "react";
import { usePreferences } from "~/api/preferences";
import { useTexts } from "~/i18n/texts";
import { parseIds } from "~/ui/ids";
import type { useChips } from "./chips";
import { texts } from "./texts";

/** Ids that need no typing: whom it was shared with lately, and those in a file. */
export function RecentAndFile({ add }: { add: ReturnType<typeof useChips>["add"] }) {
  const t = useTexts(texts);
  const [{ recentRecipients = [] }] = usePreferences();
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <ButtonDropdown
        disabled={recentRecipients.length === 0}
        items={recentRecipients.map((id) => ({ id, text: id }))}
        onItemClick={({ detail }) => add([{ id: detail.id.split(" ")[0] ?? "" }])}
      >
        {t("recent")}
      </ButtonDropdown>
      <FileIds add={add} text={t("fromFile")} />
    </SpaceBetween>
  );
}

function FileIds({ add, text }: { add: ReturnType<typeof useChips>["add"]; text: string }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button iconName="file" onClick={() => field.current?.click()}>
        {text}
      </Button>
      <input
        ref={field}
        type="file"
        accept=".txt,.csv,text/plain,text/csv"
        hidden
        onChange={async ({ target }) => {
          const file = target.files?.[0];
          if (file) add(parseIds(await file.text()));
          target.value = "";
        }}
      />
    </>
  );
}
