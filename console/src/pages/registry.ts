import type { ComponentType } from "react";

/** Where a page lives: below a project, below the user, below the operator, or at the root. */
export type Scope = "project" | "me" | "operator" | "root";

/** A page. Its module is loaded when it is first opened; keep texts and code of the page out of this file. */
export interface PageDef {
  scope: Scope;
  /** Below its scope, as react-router writes it: `images/:id/:tab?`. */
  path: string;
  load: () => Promise<{ default: ComponentType }>;
}

/** A dialog, opened with `?dialog=NAME&ids=…` over any page of a project. */
export interface DialogDef {
  name: string;
  load: () => Promise<{ default: ComponentType<DialogProps> }>;
}

export interface DialogProps {
  /** What it is about, from the address. */
  ids: string[];
  close: () => void;
}

const PREFIX: Record<Scope, string> = {
  project: "/r/:region/p/:project/",
  me: "/me/",
  operator: "/operator/",
  root: "/",
};

export const pathOf = (page: PageDef): string => PREFIX[page.scope] + page.path;
