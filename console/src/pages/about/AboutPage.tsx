import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import { useQuery } from "@tanstack/react-query";
import { usePlace, usePolicy } from "~/api/context";
import { apiBase } from "~/base";
import { useTexts } from "~/i18n/texts";
import { Go } from "~/shell/links";
import { Page } from "~/ui/Page";
import changes from "../../../../CHANGELOG.md?raw";
import { blocksOf, piecesOf } from "./notes";
import { texts } from "./texts";

/** What this is, in which version, and what is new in it. */
export default function AboutPage() {
  const t = useTexts(texts);
  const { call } = usePlace();
  const profile = usePolicy()("profile");
  const { data } = useQuery({
    queryKey: ["openapi"],
    queryFn: () => call<{ info: { version: string } }>("GET", "/api/v1/openapi.json"),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const [, ...notes] = blocksOf(changes);
  return (
    <Page title={t("title")} path="/about" text={t("text")}>
      <Container>
        <KeyValuePairs
          columns={4}
          items={[
            { label: t("version"), value: data?.info.version ?? "…" },
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

const rich = (text: string) =>
  piecesOf(text).map((piece, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text never move
    index % 2 === 1 ? <code key={index}>{piece}</code> : piece,
  );
