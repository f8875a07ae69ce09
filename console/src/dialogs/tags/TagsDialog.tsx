import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import Spinner from "@cloudscape-design/components/spinner";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { nameOf } from "~/images/columns";
import { useImagesById } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { TagEditor } from "./TagEditor";
import { texts } from "./texts";

/** The tags of one image, or of several together. */
export default function TagsDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { data: images } = useImagesById(ids);
  const [first] = images ?? [];
  return (
    <Modal
      visible
      onDismiss={close}
      header={
        ids.length === 1 && first ? t("title", { image: nameOf(first) }) : t("titleMany", { n: ids.length })
      }
      footer={
        <Box float="right">
          <Button onClick={close}>{w("act.close")}</Button>
        </Box>
      }
    >
      {images ? <TagEditor images={images} /> : <Spinner />}
    </Modal>
  );
}
