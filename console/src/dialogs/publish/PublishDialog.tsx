import type { DialogProps } from "~/pages/registry";
import { AskDialog } from "./AskDialog";

export default function PublishDialog(props: DialogProps) {
  return <AskDialog {...props} verb="publish" />;
}
