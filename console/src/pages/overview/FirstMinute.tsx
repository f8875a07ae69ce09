import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useNavigate } from "react-router";
import { linkTo, ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { send } from "~/api/send";
import { usePersona, useSession } from "~/api/session";
import type { Image } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { tellFailure, useAnswer } from "~/images/queries";
import { useParamsPatch } from "~/ui/url";
import { texts } from "./texts";
import { Ways } from "./Ways";

/** The image that the demo has for this, who owns it and who receives it. */
const IMAGE = "erp-golden";
const OWNER = "alice";
const RECIPIENT = "bob";
/** In the browser: both people look at it there. Holds the id of the image that was read. */
const READ = "lendglass.first-minute";
const wasRead = (image: Image): boolean => localStorage.getItem(READ) === image.id;

type State = "done" | "now" | "later";

/** Five steps through a share, from both sides; what is done is read from the server. */
export function FirstMinute({ dismiss }: { dismiss: () => void }) {
  const t = useTexts(texts);
  const { user } = useSession();
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t("minute.hint")}
          actions={<Button onClick={dismiss}>{t("dismiss")}</Button>}
        >
          {t("minute.title")}
        </Header>
      }
    >
      {user.name === OWNER ? <AsOwner /> : user.name === RECIPIENT ? <AsRecipient /> : <Ways />}
    </Container>
  );
}

function useImageNamed(query: { view: string; state?: string }) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "images", "first-minute", query],
    queryFn: async () => {
      const params = { query: { ...query, name: IMAGE, limit: 1 } };
      return (await ok(api.GET("/api/v1/images", { params }))).images[0] ?? null;
    },
  });
}

function useBecome() {
  const become = usePersona();
  const navigate = useNavigate();
  return (name: string) => {
    become(name).then(() => navigate("/"), tellFailure);
  };
}

function AsOwner() {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const patch = useParamsPatch();
  const become = useBecome();
  const image = useImageNamed({ view: "owned" }).data;
  const shares = useQuery({
    queryKey: [...key, "shares", "first-minute"],
    queryFn: () => ok(api.GET("/api/v1/shares", { params: { query: { as: "owner", limit: 100 } } })),
  }).data?.shares;
  if (image === undefined || shares === undefined) return null;
  if (image === null) return <Alert type="info">{t("minute.missing", { name: IMAGE })}</Alert>;
  // The demo's other images are shared with him already: that is how his project is known here.
  const bob = shares[0]?.recipient.id ?? "";
  const share = shares.find((one) => one.image.id === image.id);
  const isOffered = share?.state === "pending" || share?.state === "accepted";
  return (
    <>
      {share?.state === "rejected" && <Alert type="info">{t("minute.rejected")}</Alert>}
      <Steps
        steps={[
          { text: t("minute.pick", { name: IMAGE }), state: "done" },
          {
            text: t("minute.share"),
            state: isOffered ? "done" : "now",
            act: (
              <Button
                variant="primary"
                disabled={refusal(image, "share") !== undefined}
                disabledReason={refusal(image, "share")}
                onClick={() => patch({ dialog: "share", ids: image.id, to: bob || null }, { push: true })}
              >
                {t("minute.share.do")}
              </Button>
            ),
          },
          {
            text: t("minute.look"),
            state: !isOffered ? "later" : share?.state === "accepted" ? "done" : "now",
            act: (
              <Button variant="primary" onClick={() => become(RECIPIENT)}>
                {t("minute.look.do")}
              </Button>
            ),
          },
          { text: t("minute.accept"), state: share?.state === "accepted" ? "done" : "later" },
          {
            text: t("minute.check"),
            state: share?.state !== "accepted" ? "later" : wasRead(image) ? "done" : "now",
            act: <Button onClick={() => become(RECIPIENT)}>{t("minute.look.do")}</Button>,
          },
        ]}
      />
      {share?.state === "accepted" && <Ways />}
    </>
  );
}

function AsRecipient() {
  const t = useTexts(texts);
  const w = useWords();
  const [, setRead] = useState(0);
  const answer = useAnswer();
  const become = useBecome();
  const pending = useImageNamed({ view: "received", state: "pending" }).data;
  const accepted = useImageNamed({ view: "received", state: "accepted" }).data;
  if (pending === undefined || accepted === undefined) return null;
  const image = pending ?? accepted;
  const isRead = accepted !== null && wasRead(accepted);
  const done: State = image ? "done" : "later";
  return (
    <SpaceBetween size="s">
      <Steps
        steps={[
          { text: t("minute.pick", { name: IMAGE }), state: "done" },
          {
            text: t("minute.share"),
            state: image ? "done" : "now",
            act: <Button onClick={() => become(OWNER)}>{t("minute.back")}</Button>,
          },
          { text: t("minute.look"), state: done },
          {
            text: t("minute.accept"),
            state: accepted ? "done" : pending ? "now" : "later",
            act: pending && (
              <Button
                variant="primary"
                disabled={refusal(pending, "accept") !== undefined}
                disabledReason={refusal(pending, "accept")}
                onClick={() => void answer("accept", [pending.id])}
              >
                {w("act.accept")}
              </Button>
            ),
          },
          {
            text: t("minute.check"),
            state: !accepted ? "later" : isRead ? "done" : "now",
            act: accepted && (
              <ReadAndCompare
                image={accepted}
                done={() => {
                  localStorage.setItem(READ, accepted.id);
                  setRead((n) => n + 1);
                }}
              />
            ),
            keepsAct: true,
          },
        ]}
      />
      {isRead && accepted && (
        <>
          <SpaceBetween size="xs" direction="horizontal" alignItems="center">
            <span>{t("minute.done")}</span>
            <Button onClick={() => become(OWNER)}>{t("minute.back")}</Button>
          </SpaceBetween>
          <Ways />
        </>
      )}
    </SpaceBetween>
  );
}

interface Step {
  text: string;
  state: State;
  act?: ReactNode;
  /** The act stays where the step is done. */
  keepsAct?: boolean;
}

function Steps({ steps }: { steps: Step[] }) {
  const t = useTexts(texts);
  const types = { done: "success", now: "in-progress", later: "pending" } as const;
  return (
    <ol className="lg-steps">
      {steps.map(({ text, state, act, keepsAct }, index) => (
        <li key={text} aria-current={state === "now" ? "step" : undefined}>
          <StatusIndicator type={types[state]} iconAriaLabel={t(`minute.state.${state}`)}>
            {index + 1}. {text}
          </StatusIndicator>
          {(state === "now" || (keepsAct && state === "done")) && act}
        </li>
      ))}
    </ol>
  );
}

/** Reads the image as its recipient and compares the digest of what came with the one on record. */
function ReadAndCompare({ image, done }: { image: Image; done: () => void }) {
  const t = useTexts(texts);
  const w = useWords();
  const place = usePlace();
  const { bytes } = useFormat();
  const [isBusy, setBusy] = useState(false);
  const [read, setRead] = useState<{ got: string; size: number }>();
  const { digest } = image;
  const link = linkTo(`/api/v1/images/${image.id}/file`, place);
  // Browsers compute digests only where the page came over TLS or from this computer.
  const hasDigests = typeof crypto.subtle !== "undefined";
  if (!digest || !hasDigests) {
    return (
      <Button href={link} download onClick={done}>
        {w("act.download")}
      </Button>
    );
  }
  const compare = async () => {
    setBusy(true);
    try {
      const answer = await send(
        new Request(`${location.origin}${link.split("?")[0]}`, {
          headers: { accept: "application/octet-stream" },
        }),
        place,
      );
      const data = await answer.arrayBuffer();
      const algo = digest.algo.replace(/^sha(\d+)$/, "SHA-$1");
      const hash = new Uint8Array(await crypto.subtle.digest(algo, data));
      const got = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      setRead({ got, size: data.byteLength });
      if (got === digest.value) done();
    } catch (error) {
      tellFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button variant={read ? "normal" : "primary"} loading={isBusy} onClick={() => void compare()}>
        {t("minute.check.do")}
      </Button>
      {read &&
        (read.got === digest.value ? (
          <StatusIndicator type="success">
            {t("minute.check.good", { size: bytes(read.size), algo: digest.algo })}
          </StatusIndicator>
        ) : (
          <StatusIndicator type="error">{t("minute.check.bad", { got: read.got })}</StatusIndicator>
        ))}
    </>
  );
}
