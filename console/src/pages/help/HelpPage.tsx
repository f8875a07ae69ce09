import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { apiBase } from "~/base";
import { language } from "~/i18n/language";
import { useTexts } from "~/i18n/texts";
import { Go } from "~/shell/links";
import { useNavigation } from "~/shell/navigation";
import { Failure } from "~/ui/Failure";
import { Page } from "~/ui/Page";
import { useParamsPatch } from "~/ui/url";
import { texts } from "./texts";

/** Where to find what. */
export default function HelpPage() {
  const t = useTexts(texts);
  const navigation = useNavigation();
  return (
    <Page title={t("title")} path="/help" text={t("text")}>
      <div className="lg-cards">
        <Container header={<Header variant="h2">{t("share")}</Header>}>
          <ol>
            <li>{t("share1")}</li>
            <li>{t("share2")}</li>
            <li>{t("share3")}</li>
          </ol>
        </Container>
        <Container header={<Header variant="h2">{t("receive")}</Header>}>
          <ol>
            <li>{t("receive1")}</li>
            <li>{t("receive2")}</li>
            <li>{t("receive3")}</li>
          </ol>
        </Container>
        <Codes />
        <Container header={<Header variant="h2">{t("pages")}</Header>}>
          <ul className="lg-links">
            {navigation.map((item) => (
              <li key={item.path}>
                <Go to={item.path}>{item.text}</Go>
              </li>
            ))}
          </ul>
        </Container>
        <Container header={<Header variant="h2">{t("more")}</Header>}>
          <ul className="lg-links">
            <li>
              <Go to="/about">{t("about")}</Go>
            </li>
            <li>
              <Link href={`${apiBase}/api/v1/openapi.json`} external>
                {t("api")}
              </Link>
            </li>
            <li>{t("keys")}</li>
          </ul>
        </Container>
      </div>
    </Page>
  );
}

/** Explains a code; the address names it, so that the answer can be sent to somebody. */
function Codes() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const [params] = useSearchParams();
  const patch = useParamsPatch();
  const lng = language.use();
  const code = params.get("code") ?? "";
  const [typed, setTyped] = useState(code);
  const { data, error } = useQuery({
    queryKey: ["code", code, lng],
    queryFn: () => ok(api.GET("/api/v1/codes/{code}", { params: { path: { code } } })),
    enabled: code !== "",
    placeholderData: undefined,
  });
  const ask = () => patch({ code: typed.trim().toUpperCase() || null });
  return (
    <Container
      header={
        <Header variant="h2" description={t("codesText")}>
          {t("codes")}
        </Header>
      }
    >
      <div className="lg-stack">
        <div className="lg-inline">
          <Input
            value={typed}
            ariaLabel={t("code")}
            placeholder="IMAGE_PUBLISHED"
            onChange={({ detail }) => setTyped(detail.value)}
            onKeyDown={({ detail }) => {
              if (detail.key === "Enter") ask();
            }}
          />
          <Button onClick={ask}>{t("explain")}</Button>
        </div>
        {error && <Failure error={error} />}
        {data && (
          <div role="status">
            <strong className="lg-mono">{data.code}</strong>
            <div>{data.message}</div>
            <div className="lg-muted">{t("status", { status: String(data.status) })}</div>
          </div>
        )}
      </div>
    </Container>
  );
}
