import Icon from "@cloudscape-design/components/icon";
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react";
import { useTexts } from "~/i18n/texts";
import { tableTexts } from "./texts";

interface Props {
  name: string;
  isOpen: boolean;
  toggle: () => void;
  /** What stands below the row while it is open. */
  details: () => ReactNode;
  children: ReactNode;
}

/** The first cell of a row that opens in place: an arrow before the name, details below all of the row. */
export function Expandable({ name, isOpen, toggle, details, children }: Props) {
  const t = useTexts(tableTexts);
  const id = useId();
  return (
    <>
      <span className="lg-expandable">
        <button
          type="button"
          className="lg-plain"
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          aria-label={t("details", { name })}
          onClick={(event) => {
            event.stopPropagation();
            toggle();
          }}
        >
          <Icon name={isOpen ? "caret-down-filled" : "caret-right-filled"} size="small" />
        </button>
        <span className="lg-expandable-name">{children}</span>
      </span>
      {isOpen && <Below id={id}>{details()}</Below>}
    </>
  );
}

/**
 * Tables of the design system have no row that spans their columns. What is below reaches over the cells
 * beside it, and this cell keeps the height for it.
 */
function Below({ id, children }: { id: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const inner = box.current;
    const list = inner?.closest<HTMLElement>("[data-list]");
    const cell = inner?.closest<HTMLElement>("td, th");
    const acts = inner?.closest("tr")?.lastElementChild;
    if (!inner || !list || !cell || !acts) return;
    const measure = () => {
      const from = cell.getBoundingClientRect().left - list.getBoundingClientRect().left;
      const width = Math.max(240, Math.floor(list.clientWidth - from - acts.clientWidth - 16));
      setSize({ width, height: inner.scrollHeight });
    };
    const watch = new ResizeObserver(measure);
    for (const one of [inner, list, acts]) watch.observe(one);
    return () => watch.disconnect();
  }, []);
  return (
    <div className="lg-below" style={{ height: size.height }}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keeps clicks from opening the row's panel */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same */}
      <div
        ref={box}
        id={id}
        className="lg-below-box"
        style={{ width: size.width || undefined }}
        onClick={(event) => event.stopPropagation()}
      >
        {children}
      </div>
    </div>
  );
}
