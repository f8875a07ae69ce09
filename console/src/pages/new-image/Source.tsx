import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FileDropzone from "@cloudscape-design/components/file-dropzone";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Tiles from "@cloudscape-design/components/tiles";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { useRefusal } from "~/ui/may";
import * as engine from "~/uploads/engine";
import { probe } from "~/uploads/probe";
import { trayOpen, type Upload } from "~/uploads/tray";
import { Backups } from "./Backups";
import type { Wrong } from "./checks";
import { type Kind, withFile } from "./draft";
import { texts } from "./texts";
import type { StepProps } from "./types";

const KINDS: Kind[] = ["system", "data", "full_server", "iso"];

/** Why the role forbids each kind. */
export function useKindRefusals(): Record<Kind, string | undefined> {
  const image = useRefusal("ims:images:create");
  const upload = useRefusal("ims:images:upload");
  const data = useRefusal("ims:dataImages:create");
  const whole = useRefusal("ims:wholeImages:create");
  return { system: image ?? upload, iso: image ?? upload, data: data ?? upload, full_server: whole };
}

/** Step 1: what it will be, and from what. */
export function Source(props: StepProps) {
  const { draft, change } = props;
  const t = useTexts(texts);
  const w = useWords();
  const refused = useKindRefusals();
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{t("kind")}</Header>}>
        <Tiles
          value={draft.kind}
          ariaLabel={t("kind")}
          columns={4}
          onChange={({ detail }) => change({ kind: detail.value as Kind })}
          items={KINDS.map((kind) => ({
            value: kind,
            label: w(`kind.${kind}`),
            description: refused[kind] ?? t(`kind.${kind}`),
            disabled: refused[kind] !== undefined,
          }))}
        />
      </Container>
      {draft.kind === "full_server" ? <Backups {...props} /> : <FromFile {...props} />}
    </SpaceBetween>
  );
}

function FromFile({ draft, change, wrong, isTried }: StepProps) {
  const t = useTexts(texts);
  const [isReading, setReading] = useState(false);
  const [begun, setBegun] = useState<Upload>();
  const field = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setReading(true);
    setBegun(undefined);
    try {
      const found = await probe(file);
      change((now) => withFile(now, file, found));
      setBegun(await engine.waitingFor(file));
    } catch {
      // The browser may not read it (a folder, a file that has gone): there is no file then.
      change({ file: null, probe: null });
    } finally {
      setReading(false);
    }
  };
  const isShown = isTried || draft.file !== null;
  return (
    <Container header={<Header variant="h2">{t("from.file")}</Header>}>
      <SpaceBetween size="l">
        <FormField stretch errorText={isShown && !isReading ? wrong.file : undefined}>
          <FileDropzone onChange={({ detail }) => void take(detail.value[0])}>
            <div className="lg-drop">
              <span>
                {t("drop")}{" "}
                <Button iconName="upload" loading={isReading} onClick={() => field.current?.click()}>
                  {t(draft.file ? "chooseOther" : "choose")}
                </Button>
              </span>
              <span className="lg-muted">{t("formats")}</span>
            </div>
          </FileDropzone>
          <input
            ref={field}
            type="file"
            hidden
            data-testid="image-file"
            onChange={({ target }) => {
              void take(target.files?.[0]);
              target.value = "";
            }}
          />
        </FormField>
        {draft.file && draft.probe && <Found draft={draft} wrong={wrong} />}
        {begun && <Begun upload={begun} file={draft.file} />}
        <FormField
          label={
            <>
              {t("sha256")} – <i>{t("optional")}</i>
            </>
          }
          description={t("sha256Hint")}
          errorText={draft.sha256 ? wrong.sha256 : undefined}
        >
          <Input
            value={draft.sha256}
            spellcheck={false}
            autoComplete={false}
            onChange={({ detail }) => change({ sha256: detail.value })}
          />
        </FormField>
        <Alert type="info">{t("goesOn")}</Alert>
      </SpaceBetween>
    </Container>
  );
}

/** What the file says of itself, and whether there is room for it. */
function Found({ draft, wrong }: { draft: StepProps["draft"]; wrong: Wrong }) {
  const t = useTexts(texts);
  const { bytes } = useFormat();
  const { file, probe: found } = draft;
  if (!file || !found) return null;
  const what = [found.label, found.firmware?.toUpperCase(), found.volume].filter(Boolean).join(", ");
  return (
    <div className="lg-found" role="status">
      <strong>{file.name}</strong>
      <span>{bytes(file.size)}</span>
      <span>
        {found.virtualBytes === null || found.format === "iso"
          ? t("looks", { what })
          : t("looksVirtual", { what, size: bytes(found.virtualBytes) })}
      </span>
      {!wrong.file && <StatusIndicator type="success">{t("ok.noBacking")}</StatusIndicator>}
      <NameState name={draft.name} />
      <QuotaState />
    </div>
  );
}

export function NameState({ name }: { name: string }) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const wanted = name.trim();
  const { data } = useQuery({
    queryKey: [...key, "images", "named", wanted],
    queryFn: () =>
      ok(api.GET("/api/v1/images", { params: { query: { view: "owned", name: wanted, limit: 1 } } })),
    enabled: wanted !== "",
  });
  if (!data) return null;
  return data.images.length ? (
    <StatusIndicator type="warning">{t("taken")}</StatusIndicator>
  ) : (
    <StatusIndicator type="success">{t("ok.name")}</StatusIndicator>
  );
}

/** How many images the project may still have; nothing while that is not known. */
export function useImageQuota() {
  const { api, key } = usePlace();
  const { data } = useQuery({ queryKey: [...key, "quota"], queryFn: () => ok(api.GET("/api/v1/quota")) });
  return data?.private_images;
}

function QuotaState() {
  const t = useTexts(texts);
  const quota = useImageQuota();
  if (!quota) return null;
  if (typeof quota.limit !== "number")
    return <StatusIndicator type="success">{t("ok.quotaFree")}</StatusIndicator>;
  const left = quota.limit - quota.used;
  return left > 0 ? (
    <StatusIndicator type="success">{t("ok.quota", { n: left })}</StatusIndicator>
  ) : (
    <StatusIndicator type="error">{t("bad.quota", { used: quota.used, max: quota.limit })}</StatusIndicator>
  );
}

/** The file is that of an upload which waits for it. */
function Begun({ upload, file }: { upload: Upload; file: File | null }) {
  const t = useTexts(texts);
  const { bytes } = useFormat();
  const { path } = usePlace();
  const navigate = useNavigate();
  const { sent, length, name, image } = upload;
  const go = async () => {
    if (!file || (await engine.giveFile(image, file))) return;
    trayOpen.set(true);
    void navigate(path("images/private"));
  };
  return (
    <Alert
      type="info"
      header={t("begun.title")}
      action={<Button onClick={() => void go()}>{t("begun.go")}</Button>}
    >
      {t("begun.text", { sent: bytes(sent), length: bytes(length), name })}
    </Alert>
  );
}
