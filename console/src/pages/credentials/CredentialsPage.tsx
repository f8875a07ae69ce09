import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { placePath, useContexts, useMe, usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import { apiBase } from "~/base";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { hasPage } from "~/pages";
import { Help } from "~/shell/frame";
import { to } from "~/shell/links";
import { toast } from "~/shell/messages";
import { shellTexts } from "~/shell/texts";
import { download } from "~/table/csv";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { CopyText, copy } from "~/ui/Copy";
import { sharingCard } from "~/ui/ids";
import { Page } from "~/ui/Page";
import { cloudNames, cloudsYaml, envLines, type Where } from "./files";
import { texts } from "./texts";

interface Own extends Where {
  role: string;
}
const idOf = ({ region, project }: Own) => `${region}/${project.id}`;
const nameOf = ({ project }: Own) => project.name;
const projectOf = ({ project }: Own) => project.id;
const wordsOf = ({ region, project }: Own) => [region, project.name, project.id];

/** The role of a project in the user's language; another word as it is. */
function useRole() {
  const s = useTexts(shellTexts);
  return useCallback(
    (role: string) => (role === "admin" || role === "member" || role === "reader" ? s(`role.${role}`) : role),
    [s],
  );
}

/** What a user gives to those who share with him, and to his programs. */
export default function CredentialsPage() {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key } = usePlace();
  const session = useSession();
  const navigate = useNavigate();
  const role = useRole();
  const { data: me } = useMe();
  const { data: regions } = useQuery({
    queryKey: ["regions", ...key],
    queryFn: () => ok(api.GET("/api/v1/regions")),
    staleTime: 300_000,
  });
  const contexts = useContexts(useMemo(() => regions?.regions.map(({ id }) => id) ?? [], [regions]));
  const own = useMemo(
    () => contexts.map(({ region, project }): Own => ({ region, project, role: project.role })),
    [contexts],
  );
  const account = {
    authUrl: `${location.origin}${apiBase}/v3`,
    user: session.user.name,
    account: session.account.name,
  };
  const load = useWhole<Own>(
    useCallback(async () => own, [own]),
    wordsOf,
  );
  const columns = useMemo(
    (): Column<Own>[] => [
      {
        id: "project",
        header: t("project"),
        cell: (one) => <span className="lg-row-name">{one.project.name}</span>,
        csv: nameOf,
      },
      { id: "region", header: t("region"), cell: (one) => one.region, csv: (one) => one.region },
      {
        id: "id",
        header: t("projectId"),
        minWidth: 330,
        cell: (one) => <CopyText text={one.project.id} />,
        csv: projectOf,
      },
      { id: "role", header: t("role"), cell: (one) => role(one.role), csv: (one) => one.role },
    ],
    [t, role],
  );
  const copyCard = (one: Own) => {
    const card = sharingCard(one.region, one.project.id, one.project.name, session.user.name);
    void copy(card).then(() => toast({ kind: "success", text: t("copied", { text: card }) }));
  };
  const copyEnv = (one: Own) =>
    void copy(envLines(account, one)).then(() => toast({ kind: "success", text: t("copiedEnv") }));
  const title = w("me.credentials");
  return (
    <Page title={title} path="/me/credentials">
      <Container>
        <KeyValuePairs
          columns={4}
          minColumnWidth={180}
          items={[
            { label: t("user"), value: session.user.name },
            { label: t("userId"), value: <CopyText text={session.user.id} /> },
            { label: t("account"), value: session.account.name },
            { label: t("accountId"), value: <CopyText text={session.account.id} />, info: undefined },
            ...(me?.account.uid
              ? [{ label: t("accountUid"), value: <CopyText text={me.account.uid} /> }]
              : []),
            ...(me?.account.email
              ? [{ label: t("email"), value: <CopyText text={me.account.email} /> }]
              : []),
          ]}
        />
        <p className="lg-muted">{t("accountHint")}</p>
      </Container>
      <div>
        <Header variant="h2">{t("projects")}</Header>
        <List<Own>
          id="credentials"
          title={t("projects")}
          queryKey={["credentials", String(own.length)]}
          load={load}
          rowId={idOf}
          rowName={nameOf}
          copyId={projectOf}
          columns={columns}
          filters={[]}
          actsWidth={180}
          quick={(one) => [{ id: "card", text: t("card"), run: () => copyCard(one) }]}
          menu={(one) => [
            { id: "env", text: t("env"), run: () => copyEnv(one) },
            {
              id: "open",
              text: t("open"),
              run: () =>
                void navigate(placePath({ region: one.region, project: one.project.id }, "images/private")),
            },
          ]}
          empty={<Empty title={t("empty")} />}
        />
      </div>
      <Alert type="info">{t("give")}</Alert>
      <Container
        header={
          <Header
            variant="h2"
            description={t("cliText")}
            actions={
              <Button
                iconName="download"
                onClick={() => {
                  download("clouds.yaml", cloudsYaml(account, own), "application/yaml");
                  toast({ kind: "success", text: t("cloudsDone") });
                }}
              >
                {t("clouds")}
              </Button>
            }
          >
            {t("cli")}
          </Header>
        }
      >
        {own[0] && (
          <SpaceBetween size="xs">
            <div>{t("cliTry")}</div>
            <CopyText text={`lend --cloud ${cloudNames(own)[0]} image list`} />
            <CopyText text={`openstack --os-cloud ${cloudNames(own)[0]} image list`} />
          </SpaceBetween>
        )}
      </Container>
      {hasPage("me", "access-keys") && (
        <Container
          header={
            <Header
              variant="h2"
              description={t("keysText")}
              actions={<Button href={to("/me/access-keys")}>{t("keys")}</Button>}
            >
              {t("keys")}
            </Header>
          }
        />
      )}
      <Help title={t("help.title")}>
        <p>{t("help.text")}</p>
        <p>{t("give")}</p>
      </Help>
    </Page>
  );
}
