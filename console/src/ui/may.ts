import { useMe, usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { uiTexts } from "./texts";

/** Why the user's role forbids something; nothing where it is allowed. `const refused = useRefusal("ims:images:create")` */
export function useRefusal(action: string): string | undefined {
  const { info, isReader } = usePlace();
  const { data } = useMe();
  const t = useTexts(uiTexts);
  if (!data || data.actions.includes(action)) return undefined;
  return isReader ? t("reader", { project: info.name }) : t("notAllowed", { project: info.name });
}
