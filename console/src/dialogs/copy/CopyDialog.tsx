import type { DialogProps } from "~/pages/registry";
import { Replicate } from "../replicate/ReplicateDialog";

/** Copies images into another region. */
export default function CopyDialog(props: DialogProps) {
  return <Replicate {...props} isElsewhere />;
}
