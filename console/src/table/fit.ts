import { useLayoutEffect, useRef, useState } from "react";

interface Fitted {
  id: string;
  width?: number;
  minWidth?: number;
  /** The highest goes first where there is no room for all. */
  spare?: number;
  isFixed?: boolean;
}

const NEED = 110;
/** Fewer columns than these tell rows no longer apart: a narrower table is scrolled. */
const FEWEST = 4;
/** What columns give way before one of them is left out. */
const SQUEEZE = 0.05;
/** Beyond these, a resize is one of the window and not of a scroll bar. */
const STIR = 24;

const needOf = ({ width, minWidth }: Fitted) => width ?? minWidth ?? NEED;

/**
 * Which columns fit the room, and how wide they are: those that matter least are left out rather than cut,
 * unless they were chosen, and those that stay share what is over or lacks. The last has the acts and keeps its width.
 */
export function fitted(columns: Fitted[], room: number, isChosen: boolean) {
  let kept = columns;
  const sum = () => kept.reduce((sum, column) => sum + needOf(column), 0);
  while (!isChosen && sum() * (1 - SQUEEZE) > room && kept.length > FEWEST) {
    const free = kept.slice(1).filter(({ isFixed }) => !isFixed);
    const out = free.reduce((worst, one) => ((one.spare ?? 0) >= (worst.spare ?? 0) ? one : worst));
    kept = kept.filter((one) => one !== out);
  }
  const growing = kept.filter(({ isFixed }) => !isFixed).reduce((sum, one) => sum + needOf(one), 0);
  const share = growing > 0 ? Math.max(-SQUEEZE, (room - sum()) / growing) : 0;
  const widths = new Map(
    kept.map((one) => [one.id, Math.floor(needOf(one) * (one.isFixed ? 1 : 1 + share))] as const),
  );
  return { widths, leftOut: columns.filter((one) => !kept.includes(one)).map(({ id }) => id) };
}

/** How wide the place is, known before it is first painted, and again when the window changes. */
export function useRoom<E extends HTMLElement>() {
  const place = useRef<E>(null);
  const [room, setRoom] = useState(0);
  useLayoutEffect(() => {
    const measure = () => {
      const now = place.current?.clientWidth ?? 0;
      setRoom((before) => (Math.abs(now - before) > STIR ? now : before));
    };
    measure();
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return { place, room };
}
