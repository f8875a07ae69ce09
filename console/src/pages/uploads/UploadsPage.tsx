import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { Help, useFrame } from "~/shell/frame";
import { Go, to } from "~/shell/links";
import { Empty } from "~/table/List";
import { Failure } from "~/ui/Failure";
import { useRefusal } from "~/ui/may";
import { Picture } from "~/ui/Picture";
import { useProjectUploads } from "~/uploads/Host";
import { imagePathOf } from "~/uploads/paths";
import { texts } from "~/uploads/texts";
import { uploads } from "~/uploads/tray";
import type { Kept } from "~/uploads/tus";
import { UploadRow } from "~/uploads/UploadRow";

/** What is on its way into the project: one's own uploads with their buttons, and those of others. */
export default function UploadsPage() {
  const t = useTexts(texts);
  const w = useWords();
  const { path, region, project } = usePlace();
  const { user } = useSession();
  const own = uploads.use().filter((one) => one.region === region && one.project === project);
  const { data, error, isPending, refetch } = useProjectUploads();
  const refused = useRefusal("ims:images:create");
  const others = (data ?? []).filter(
    (kept) => kept.created_by.id !== user.id && !own.some((one) => one.image === kept.image),
  );
  useFrame(t("title"), [{ text: t("title"), href: path("uploads") }]);
  return (
    <SpaceBetween size="l">
      <Header variant="h1">{t("title")}</Header>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {isPending && own.length === 0 && !error && <Spinner size="large" />}
      {own.map((upload) => (
        <Container key={upload.image}>
          <UploadRow upload={upload} />
        </Container>
      ))}
      {others.length > 0 && <Others all={others} />}
      {data && own.length === 0 && others.length === 0 && (
        <Empty
          picture={<Picture of="images" />}
          title={t("page.empty")}
          text={t("page.emptyText")}
          action={
            <Button
              variant="primary"
              href={to(path("images/new"))}
              disabled={refused !== undefined}
              disabledReason={refused}
            >
              {w("act.create")}
            </Button>
          }
        />
      )}
      <Help title={t("title")}>
        <p>{t("page.help")}</p>
        <p>{t("leave")}</p>
      </Help>
    </SpaceBetween>
  );
}

function Others({ all }: { all: Kept[] }) {
  const t = useTexts(texts);
  const { region, project } = usePlace();
  const { bytes, exact } = useFormat();
  return (
    <Container header={<Header variant="h2">{t("page.others")}</Header>}>
      <div className="lg-wide">
        <table className="lg-table">
          <thead>
            <tr>
              <th scope="col">{t("page.file")}</th>
              <th scope="col">{t("page.image")}</th>
              <th scope="col">{t("page.by")}</th>
              <th scope="col">{t("page.progress")}</th>
              <th scope="col">{t("page.expires")}</th>
            </tr>
          </thead>
          <tbody>
            {all.map((kept) => (
              <tr key={kept.id}>
                <th scope="row">{kept.filename}</th>
                <td>
                  <Go to={imagePathOf({ image: kept.image, region, project })}>
                    <span className="lg-mono">{kept.image}</span>
                  </Go>
                </td>
                <td>{kept.created_by.name}</td>
                <td>
                  {Math.floor((100 * kept.offset) / Math.max(1, kept.length))} % ·{" "}
                  {t("progress", { sent: bytes(kept.offset), length: bytes(kept.length) })}
                </td>
                <td>{exact(kept.expires_at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Container>
  );
}
