import { type RefObject, useCallback, useEffect, useState } from "react";
import { ownChanges } from "~/api/queries";
import { countChanges } from "./changes";

/** Rows that the pointer or the focus is in, or of which one is open, or its menu. */
const AT_WORK = ":is(tbody, ol):is(:hover, :focus-within), :is(tbody, ol) [aria-expanded=true]";

interface Come<Row> {
  /** Which page it is, of which list. */
  at: string;
  rows: Row[];
  /** When they came. */
  when: number;
}

/**
 * The rows to show of those that have come. While the user is at work in them, each stays at its place, with
 * what it says now; rows that came, went or moved because of others wait until he is done, or wants to see them.
 */
export function useHeld<Row>(
  { at, rows, when }: Come<Row>,
  place: RefObject<HTMLElement | null>,
  rowId: (row: Row) => string,
  pageSize: number,
  isTicked: boolean,
) {
  const own = ownChanges.use();
  const [kept, keep] = useState({ at, rows, when, own, changes: 0 });
  const isAtWork = useCallback(
    () => isTicked || Boolean(place.current?.querySelector(AT_WORK)),
    [isTicked, place],
  );

  let now = kept;
  if (at !== kept.at || when !== kept.when) {
    const isOwn = at !== kept.at || own !== kept.own;
    // Nothing jumps where there was nothing, or what was there is of another page.
    const isFirst = kept.when === 0 || kept.rows.length === 0;
    const mayHold = !isOwn && !isFirst && isAtWork();
    const changes = mayHold ? countChanges(kept.rows.map(rowId), rows.map(rowId), pageSize) : 0;
    const latest = new Map(rows.map((row) => [rowId(row), row]));
    const stay = () => kept.rows.map((row) => latest.get(rowId(row)) ?? row);
    now = { at, rows: changes ? stay() : rows, when, own, changes };
  } else if (own !== kept.own && kept.changes > 0) {
    // What he does may itself be what is waiting; what follows from it is still to come.
    now = { ...kept, rows, changes: 0 };
  }
  if (now !== kept) keep(now);

  const show = useCallback(() => keep((kept) => ({ ...kept, rows, changes: 0 })), [rows]);
  const { changes } = now;
  useEffect(() => {
    if (changes === 0) return;
    const look = () => {
      if (!isAtWork()) show();
    };
    // What comes into something else is looked at there.
    const lookIfLeft = ({ relatedTarget }: PointerEvent | FocusEvent) => {
      if (relatedTarget === null) look();
    };
    look();
    document.addEventListener("pointerover", look);
    document.addEventListener("focusin", look);
    document.addEventListener("pointerout", lookIfLeft);
    document.addEventListener("focusout", lookIfLeft);
    return () => {
      document.removeEventListener("pointerover", look);
      document.removeEventListener("focusin", look);
      document.removeEventListener("pointerout", lookIfLeft);
      document.removeEventListener("focusout", lookIfLeft);
    };
  }, [changes, isAtWork, show]);
  return { rows: now.rows, changes, show };
}
