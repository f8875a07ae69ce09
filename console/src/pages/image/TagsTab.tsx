import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { Image } from "~/api/types";
import { TagEditor } from "~/dialogs/tags/TagEditor";
import { useTexts } from "~/i18n/texts";
import { texts } from "./texts";

export function TagsTab({ image }: { image: Image }) {
  const t = useTexts(texts);
  return (
    <Container header={<Header variant="h2">{t("tab.tags")}</Header>}>
      <TagEditor images={[image]} />
    </Container>
  );
}
