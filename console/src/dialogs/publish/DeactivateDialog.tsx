import type { DialogProps } from "~/pages/registry";
import { AskDialog } from "./AskDialog";

export default function DeactivateDialog(props: DialogProps) {
  return <AskDialog {...props} verb="deactivate" />;
}
