import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useEffect } from "react";
import { basePath } from "~/base";
import { keepLanguage, type Language, language } from "~/i18n/language";
import { useTexts } from "~/i18n/texts";
import { SignInForm } from "./SignInForm";
import { texts } from "./texts";

/** Shown at any address while nobody is signed in; the address stays, and is shown afterwards. */
export default function SignInPage({ linkFailed }: { linkFailed: boolean }) {
  const t = useTexts(texts);
  const now = language.use();
  useEffect(() => {
    document.title = `${t("title")} · Lendglass`;
  }, [t]);
  return (
    <main className="lg-sign-in">
      <div className="lg-sign-in-card">
        <div className="lg-sign-in-mark">
          <img src={`${basePath}favicon.svg`} alt="" width="40" height="40" />
          <div>
            <strong>Lendglass</strong>
            <span className="lg-sign-in-text">{t("claim")}</span>
          </div>
        </div>
        <Container header={<Header variant="h1">{t("title")}</Header>}>
          <SpaceBetween size="m">
            {linkFailed && <Alert type="warning">{t("usedLink")}</Alert>}
            <SignInForm done={() => undefined} />
          </SpaceBetween>
        </Container>
        <div className="lg-sign-in-language">
          <SegmentedControl
            selectedId={now}
            label="Language / 语言"
            onChange={({ detail }) => keepLanguage(detail.selectedId as Language)}
            options={[
              { id: "en", text: "English" },
              { id: "zh-Hans", text: "简体中文" },
            ]}
          />
        </div>
      </div>
    </main>
  );
}
