import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace, usePolicy } from "~/api/context";
import type { Schema } from "~/api/types";
import { apiBase } from "~/base";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Go } from "~/shell/links";
import { Page } from "~/ui/Page";
import changes from "../../../../CHANGELOG.md?raw";
import { blocksOf, piecesOf } from "./notes";
import { texts } from "./texts";

/** What this is, in which version, and what is new in it. */
export default function AboutPage() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const profile = usePolicy()("profile");
  const { data } = useQuery({
    queryKey: ["capabilities"],
    queryFn: () => ok(api.GET("/api/v1/capabilities")),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [, ...notes] = blocksOf(changes);
  return (
    <Page title={t("title")} path="/about" text={t("text")}>
      <Container>
        <KeyValuePairs
          columns={4}
          items={[
            { label: t("version"), value: data?.version ?? "…" },
            { label: t("licence"), value: "Apache-2.0" },
            ...(typeof profile === "string" ? [{ label: t("profile"), value: profile }] : []),
            {
              label: t("api"),
              value: (
                <Link href={`${apiBase}/api/v1/openapi.json`} external>
                  OpenAPI
                </Link>
              ),
            },
            { label: t("help"), value: <Go to="/help">{t("help")}</Go> },
          ]}
        />
      </Container>
      {data && <Capabilities has={data} />}
      <Container
        header={
          <Header variant="h2" description={t("english")}>
            {t("notes")}
          </Header>
        }
      >
        <div lang="en">
          {notes.map((block, index) => {
            const key = `${index}/${block.is}`;
            if (block.is === "heading") return <h3 key={key}>{block.text}</h3>;
            if (block.is === "text") return <p key={key}>{rich(block.text)}</p>;
            return (
              <ul key={key}>
                {block.items.map((item) => (
                  <li key={item}>{rich(item)}</li>
                ))}
              </ul>
            );
          })}
        </div>
      </Container>
    </Page>
  );
}

const BYTES = ["image_bytes"];
const SECONDS = ["upload_kept_seconds", "token_seconds"];
const LIMITS = [
  "image_bytes",
  "list_page",
  "images_per_request",
  "images_deleted_at_once",
  "share_note_characters",
  "tag_characters",
  "file_name_bytes",
  "upload_kept_seconds",
  "token_seconds",
] as const;

/** The drivers, formats and limits of this installation. */
function Capabilities({ has }: { has: Schema<"Capabilities"> }) {
  const t = useTexts(texts);
  const { bytes, number } = useFormat();
  const { drivers } = has;
  const limit = (name: string, value: number) =>
    BYTES.includes(name)
      ? bytes(value)
      : SECONDS.includes(name)
        ? t("hours", { n: number(value / 3_600) })
        : number(value);
  return (
    <Container
      header={
        <Header variant="h2" description={t("has.text")}>
          {t("has")}
        </Header>
      }
    >
      <KeyValuePairs
        columns={3}
        items={[
          { label: t("driver.database"), value: drivers.database },
          {
            label: t("driver.stores"),
            value: Object.entries(drivers.stores)
              .map(([region, driver]) => `${region}: ${driver}`)
              .join(", "),
          },
          { label: t("driver.identity"), value: drivers.identity },
          { label: t("driver.compute"), value: drivers.compute ?? t("absent") },
          { label: t("driver.volumes"), value: drivers.volumes ?? t("absent") },
          { label: t("formats"), value: has.disk_formats.join(", ") },
          { label: t("containers"), value: has.container_formats.join(", ") },
          { label: t("digests"), value: has.digests.join(", ") },
          ...LIMITS.flatMap((name) => {
            const value = has.limits[name];
            return value === undefined ? [] : [{ label: t(`limit.${name}`), value: limit(name, value) }];
          }),
        ]}
      />
    </Container>
  );
}

const rich = (text: string) =>
  piecesOf(text).map((piece, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
    index % 2 === 1 ? <code key={index}>{piece}</code> : piece,
  );
