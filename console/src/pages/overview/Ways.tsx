import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasPage } from "~/pages";
import { Go } from "~/shell/links";
import { texts } from "./texts";

/** The ways on; only those whose page is there. */
export function Ways() {
  const t = useTexts(texts);
  const w = useWords();
  const { path } = usePlace();
  const { operator } = useSession();
  return (
    <ul className="lg-ways">
      <li>
        <Go to={path("images/new")}>{t("start.image")}</Go>
      </li>
      <li>
        <Go to={path("images/shared")}>{t("start.shared")}</Go>
      </li>
      {hasPage("me", "credentials") && (
        <li>
          <Go to="/me/credentials">{t("start.credentials")}</Go>{" "}
          <span className="lg-muted">{w("me.credentials")}</span>
        </li>
      )}
      {hasPage("me", "access-keys") && (
        <li>
          <Go to="/me/access-keys">{t("start.keys")}</Go>
        </li>
      )}
      {operator && hasPage("operator", "policy") && (
        <li>
          <Go to="/operator/policy">{t("start.rules")}</Go>
        </li>
      )}
    </ul>
  );
}
