import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { useFrame } from "~/shell/frame";

interface Props {
  title: string;
  /** Where the page is: below its parents, each with its path. */
  path: string;
  parents?: { text: string; href: string }[];
  text?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A page: its heading, what can be done, and its parts one below the other. */
export function Page({ title, path, parents = [], text, actions, children }: Props) {
  useFrame(title, [...parents, { text: title, href: path }]);
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={text} actions={actions}>
        {title}
      </Header>
      {children}
    </SpaceBetween>
  );
}
