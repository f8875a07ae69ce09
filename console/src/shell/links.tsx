import Link, { type LinkProps } from "@cloudscape-design/components/link";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { routerBase } from "~/base";

/** The address of a page of the console, for `href`; plain clicks on it stay inside the console. */
export const to = (path: string): string => routerBase + path;

/** Lets plain clicks on links to our own pages change the page without loading everything again. */
export function LinkListener() {
  const navigate = useNavigate();
  useEffect(() => {
    const click = (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
      if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
      if (link.origin !== location.origin || !`${link.pathname}/`.startsWith(`${routerBase}/`)) return;
      event.preventDefault();
      void navigate((link.pathname.slice(routerBase.length) || "/") + link.search + link.hash);
    };
    // Menus let no click come further up than to where React listens, at the top of the page or of what is
    // shown above it: there it is heard after React, which says whether somebody else has dealt with it.
    const listen = ({ target }: MouseEvent) => {
      const top = target instanceof Element ? target.closest<HTMLElement>("body > *") : null;
      top?.addEventListener("click", click, { once: true });
    };
    document.addEventListener("click", listen, true);
    return () => document.removeEventListener("click", listen, true);
  }, [navigate]);
  return null;
}

/** A link to a page: `<Go to={place.path("jobs")}>`. */
export function Go({ to: path, ...rest }: { to: string } & Omit<LinkProps, "href">) {
  return <Link {...rest} href={to(path)} />;
}
