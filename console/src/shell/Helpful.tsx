import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useState } from "react";
import { useLocation } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { toApiError } from "~/api/errors";
import { useTexts } from "~/i18n/texts";
import { toast } from "./messages";
import { shellTexts } from "./texts";

const WORDS_MAX = 1_000;
const PAGE_MAX = 64;

/** What a page is called, whatever project or thing it shows: `images/private`, `vaults/:id`. */
export function pageName(pathname: string): string {
  const [, , , ...rest] = pathname.replace(/^\/r\/[^/]+\/p\/[^/]+/, "/r/p").split("/");
  const parts = pathname.startsWith("/r/") ? rest : pathname.split("/").slice(1);
  const named = parts.filter(Boolean).map((part) => (/\d.*\d/.test(part) ? ":id" : part));
  return (
    named
      .join("/")
      .replace(/[^\w/:-]/g, "-")
      .slice(0, PAGE_MAX) || "overview"
  );
}

/** Asks whether the help of the page was one. */
export function Helpful() {
  const { pathname } = useLocation();
  const page = pageName(pathname);
  return <Ask key={page} page={page} />;
}

function Ask({ page }: { page: string }) {
  const t = useTexts(shellTexts);
  const { api } = usePlace();
  const [answer, setAnswer] = useState<"yes" | "no">();
  const [words, setWords] = useState("");
  const [isSent, setSent] = useState(false);
  const send = (helpful: boolean, text?: string) =>
    ok(api.POST("/api/v1/feedback", { body: { page, helpful, text } }));
  const say = (now: "yes" | "no") => {
    setAnswer(now);
    // The answer counts at once; words may follow.
    send(now === "yes").catch(tell);
  };
  const add = () =>
    send(answer === "yes", words)
      .then(() => setSent(true))
      .catch(tell);
  return (
    <section className="lg-helpful" aria-label={t("helpful.ask")}>
      <SpaceBetween size="xs">
        <strong>{t("helpful.ask")}</strong>
        <SpaceBetween size="xs" direction="horizontal">
          {(["yes", "no"] as const).map((one) => (
            <Button
              key={one}
              iconName={one === "yes" ? "thumbs-up" : "thumbs-down"}
              variant={answer === one ? "primary" : "normal"}
              onClick={() => say(one)}
            >
              {t(`helpful.${one}`)}
            </Button>
          ))}
        </SpaceBetween>
        {answer && !isSent && (
          <>
            <FormField label={t("helpful.words")} description={t("helpful.optional")} stretch>
              <Textarea
                value={words}
                rows={3}
                onChange={({ detail }) => setWords(detail.value.slice(0, WORDS_MAX))}
              />
            </FormField>
            <Button disabled={!words.trim()} onClick={() => void add()}>
              {t("helpful.send")}
            </Button>
          </>
        )}
        <div role="status">{isSent && t("helpful.thanks")}</div>
      </SpaceBetween>
    </section>
  );
}

const tell = (error: unknown) => {
  const { message, code, requestId } = toApiError(error);
  toast({ kind: "error", text: message, details: { code, requestId } });
};
