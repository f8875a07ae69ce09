import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Toggle from "@cloudscape-design/components/toggle";
import { usePreferences } from "~/api/preferences";
import { keepLanguage, language } from "~/i18n/language";
import { useTexts } from "~/i18n/texts";
import { useFrame } from "~/shell/frame";
import { shellTexts } from "~/shell/texts";
import { keepTheme, theme } from "~/shell/theme";
import { texts } from "./texts";

/** What a user chooses for himself. */
export default function PreferencesPage() {
  const t = useTexts(texts);
  const s = useTexts(shellTexts);
  const [{ density = "comfortable", shortcuts = true }, change] = usePreferences();
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
            <Button onClick={() => change({ tables: {}, filters: {} })}>{t("reset")}</Button>
          </FormField>
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}
