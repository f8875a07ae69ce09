import type { DialogProps } from "~/pages/registry";
import { RuleDialog } from "./RuleDialog";

/** Trusts the owner of an image. */
export default function TrustDialog(props: DialogProps) {
  return <RuleDialog {...props} verdict="accept" />;
}
