import { CopyText } from "./Copy";

/** Lines to be copied: commands, calls, JSON. */
export function Code({ title, text }: { title: string; text: string }) {
  return (
    <figure className="lg-code">
      <figcaption className="lg-spread">
        <strong>{title}</strong>
        <CopyText text={text} shown="" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys have to reach it */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}
