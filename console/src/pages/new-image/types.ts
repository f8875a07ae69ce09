import type { Wrong } from "./checks";
import type { Draft } from "./draft";

/** What every step of the wizard is given. */
export interface StepProps {
  draft: Draft;
  change: (patch: Partial<Draft> | ((now: Draft) => Draft)) => void;
  wrong: Wrong;
  /** Whether the step was to be left already: then empty fields are wrong too. */
  isTried: boolean;
}
