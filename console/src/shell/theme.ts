import { applyDensity, applyMode, Density, Mode } from "@cloudscape-design/global-styles";
import { createStore } from "~/store";

export type Theme = "light" | "dark" | "system";
const KEPT = "lendglass.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

const kept = localStorage.getItem(KEPT);
export const theme = createStore<Theme>(kept === "light" || kept === "dark" ? kept : "system");

function apply() {
  const isDark = theme.get() === "dark" || (theme.get() === "system" && dark.matches);
  applyMode(isDark ? Mode.Dark : Mode.Light);
  document.documentElement.classList.toggle("lg-dark", isDark);
}

export function startTheme() {
  apply();
  theme.watch(apply);
  dark.addEventListener("change", apply);
}

export function keepTheme(next: Theme) {
  localStorage.setItem(KEPT, next);
  theme.set(next);
}

export const setCompact = (isCompact: boolean) =>
  applyDensity(isCompact ? Density.Compact : Density.Comfortable);
