import type { DateRangePickerProps } from "@cloudscape-design/components/date-range-picker";

const MILLISECONDS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: 2_592_000_000 };
export type Preset = keyof typeof MILLISECONDS;
export const PRESETS = Object.keys(MILLISECONDS) as Preset[];

/** A time range as the address has it: a preset, or a beginning and an end. */
export interface Range {
  last: string | null;
  from: string | null;
  to: string | null;
}

export const isPreset = (text: string | null): text is Preset => text !== null && text in MILLISECONDS;

/** What the server is asked for. */
export function boundsOf({ last, from, to }: Range, now: number): { from?: string; to?: string } {
  if (isPreset(last)) return { from: new Date(now - MILLISECONDS[last]).toISOString() };
  const time = (text: string | null) => {
    const at = text === null ? Number.NaN : new Date(text).getTime();
    return Number.isNaN(at) ? undefined : new Date(at).toISOString();
  };
  return { from: time(from), to: time(to) };
}

/** As the picker has it. */
export function pickedOf({ last, from, to }: Range): DateRangePickerProps.Value | null {
  if (isPreset(last)) return { type: "relative", key: last, amount: 1, unit: last };
  return from && to ? { type: "absolute", startDate: from, endDate: to } : null;
}
