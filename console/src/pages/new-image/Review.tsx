import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { Code } from "~/ui/Code";
import { callsOf, commandsOf, type Draft, tagsOf } from "./draft";
import { texts } from "./texts";

/** Step 4: everything once more, and how a program would do it. */
export function Review({ draft, edit }: { draft: Draft; edit: (step: number) => void }) {
  const t = useTexts(texts);
  const w = useWords();
  const { bytes } = useFormat();
  const isServer = draft.kind === "full_server";
  const or = (text: string) => text || t("none");
  const part = (step: number, title: string, items: { label: string; value: ReactNode }[]) => (
    <Container
      header={
        <Header variant="h2" actions={<Button onClick={() => edit(step)}>{t("edit")}</Button>}>
          {title}
        </Header>
      }
    >
      <KeyValuePairs columns={2} items={items} />
    </Container>
  );
  return (
    <SpaceBetween size="l">
      {part(0, t("step.source"), [
        { label: t("kind"), value: w(`kind.${draft.kind}`) },
        ...(isServer
          ? [{ label: t("backup"), value: <span className="lg-mono">{draft.backup}</span> }]
          : [
              {
                label: t("file"),
                value: `${draft.file?.name ?? ""} · ${bytes(draft.file?.size ?? 0)} · ${draft.probe?.label ?? ""}`,
              },
              { label: t("sha256"), value: <span className="lg-mono">{or(draft.sha256)}</span> },
            ]),
      ])}
      {part(1, t("step.details"), [
        { label: t("name"), value: draft.name },
        { label: t("description"), value: or(draft.description) },
        { label: t("tags"), value: or(tagsOf(draft).join(", ")) },
        ...(isServer
          ? []
          : [
              {
                label: t("os"),
                value: or([draft.osType, draft.os, draft.osVersion].filter(Boolean).join(" ")),
              },
              { label: t("arch"), value: or(draft.arch) },
              { label: t("firmware"), value: or(draft.firmware.toUpperCase()) },
              { label: t("disk"), value: or(draft.disk) },
              { label: w("field.minMemory"), value: or(draft.memory) },
            ]),
      ])}
      {part(2, t("step.options"), [
        { label: t("protect"), value: t(draft.isProtected ? "yes" : "no") },
        { label: t("shareAfter"), value: or(draft.recipients.join(", ")) },
      ])}
      <ExpandableSection headerText={t("show")} variant="container">
        <SpaceBetween size="m">
          <Code title={t("cli")} text={commandsOf(draft)} />
          <Code title={t("api")} text={callsOf(draft)} />
        </SpaceBetween>
      </ExpandableSection>
    </SpaceBetween>
  );
}
