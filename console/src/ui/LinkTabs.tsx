import { to } from "~/shell/links";

/** Pages beside each other, as tabs that are links. */
export function LinkTabs({
  label,
  tabs,
}: {
  label: string;
  tabs: { text: string; path: string; isHere: boolean }[];
}) {
  return (
    <nav className="lg-tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.path} href={to(tab.path)} aria-current={tab.isHere ? "page" : undefined}>
          {tab.text}
        </a>
      ))}
    </nav>
  );
}
