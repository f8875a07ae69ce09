import type { DialogProps } from "~/pages/registry";
import { RuleDialog } from "./RuleDialog";

/** Blocks the owner of an image. */
export default function BlockDialog(props: DialogProps) {
  return <RuleDialog {...props} verdict="refuse" />;
}
