import type { DialogProps } from "~/pages/registry";
import { AskDialog } from "./AskDialog";

export default function UnpublishDialog(props: DialogProps) {
  return <AskDialog {...props} verb="unpublish" />;
}
