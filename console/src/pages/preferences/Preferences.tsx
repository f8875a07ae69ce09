import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { type Preferences, usePreferences } from "~/api/preferences";
import { useSession } from "~/api/session";
import { useFormat } from "~/i18n/format";
import { keepLanguage, language } from "~/i18n/language";
import { useTexts } from "~/i18n/texts";
import { useFrame } from "~/shell/frame";
import { toast } from "~/shell/messages";
import { shellTexts } from "~/shell/texts";
import { keepTheme, theme } from "~/shell/theme";
import { texts } from "./texts";

/** What a user chooses for himself. */
export default function PreferencesPage() {
  const t = useTexts(texts);
  const s = useTexts(shellTexts);
  const { exact } = useFormat();
  const session = useSession();
  const [preferences, change] = usePreferences();
  const { density = "comfortable", shortcuts = true } = preferences;
  const { recents = [], recentRecipients = [], dismissed = [] } = preferences;
  const told = (patch: Partial<Preferences>) => {
    change(patch);
    toast({ kind: "success", text: t("done") });
  };
  const nowLanguage = language.use();
  const nowTheme = theme.use();
  useFrame(t("title"), [{ text: t("title"), href: "/me/preferences" }]);
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={t("text")}>
        {t("title")}
      </Header>
      <Container>
        <SpaceBetween size="l">
          <FormField label={t("language")}>
            <RadioGroup
              value={nowLanguage}
              items={[
                { value: "en", label: "English" },
                { value: "zh-Hans", label: "简体中文" },
              ]}
              onChange={({ detail }) => {
                const next = detail.value === "zh-Hans" ? "zh-Hans" : "en";
                keepLanguage(next);
                change({ language: next });
              }}
            />
          </FormField>
          <FormField label={t("theme")}>
            <RadioGroup
              value={nowTheme}
              items={(["light", "dark", "system"] as const).map((value) => ({
                value,
                label: s(`theme.${value}`),
              }))}
              onChange={({ detail }) => {
                const next = detail.value === "dark" || detail.value === "light" ? detail.value : "system";
                keepTheme(next);
                change({ theme: next });
              }}
            />
          </FormField>
          <FormField label={t("density")}>
            <RadioGroup
              value={density}
              items={(["comfortable", "compact"] as const).map((value) => ({
                value,
                label: t(`density.${value}`),
              }))}
              onChange={({ detail }) =>
                change({ density: detail.value === "compact" ? "compact" : "comfortable" })
              }
            />
          </FormField>
          <Toggle
            checked={shortcuts}
            description={t("shortcutsText")}
            onChange={({ detail }) => change({ shortcuts: detail.checked })}
          >
            {t("shortcuts")}
          </Toggle>
          <FormField label={t("tables")} description={t("tablesText")}>
            <Button onClick={() => told({ tables: {}, filters: {} })}>{t("reset")}</Button>
          </FormField>
          <FormField label={t("recents")} description={t("recentsText")}>
            <Button
              disabled={recents.length + recentRecipients.length === 0}
              disabledReason={t("nothing")}
              onClick={() => told({ recents: [], recentRecipients: [] })}
            >
              {t("forget")}
            </Button>
          </FormField>
          <FormField label={t("hints")} description={t("hintsText")}>
            <Button
              disabled={dismissed.length === 0}
              disabledReason={t("nothing")}
              onClick={() => told({ dismissed: [] })}
            >
              {t("showAgain")}
            </Button>
          </FormField>
          <FormField label={t("session")} description={t("sessionText")}>
            {exact(session.expires_at)}
          </FormField>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
