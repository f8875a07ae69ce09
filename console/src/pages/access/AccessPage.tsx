import { useParams } from "react-router";
import { useMe, usePlace } from "~/api/context";
import { useTexts } from "~/i18n/texts";
import { PageLoading } from "~/shell/Shell";
import { Empty } from "~/table/List";
import { LinkTabs } from "~/ui/LinkTabs";
import { useRefusal } from "~/ui/may";
import { Page } from "~/ui/Page";
import { Owners } from "./Owners";
import { Policies } from "./Policies";
import { texts } from "./texts";
import { Users } from "./Users";
import { Webhooks } from "./Webhooks";

const TABS = { users: Users, policies: Policies, owners: Owners, webhooks: Webhooks };
const NEEDS: Record<Tab, string> = {
  users: "ims:access:list",
  policies: "ims:access:list",
  owners: "ims:shares:list",
  webhooks: "ims:webhooks:manage",
};
type Tab = keyof typeof TABS;
const ALL = Object.keys(TABS) as Tab[];

/** Who may do what in the project, whom it trusts, and who hears of it. */
export default function AccessPage() {
  const t = useTexts(texts);
  const { path, info } = usePlace();
  const { tab: named } = useParams();
  const tab = ALL.find((one) => one === named) ?? "users";
  const Shown = TABS[tab];
  const { data: me } = useMe();
  const refused = useRefusal(NEEDS[tab]);
  return (
    <Page
      title={t(tab)}
      path={path(`access/${tab}`)}
      parents={[{ text: t("title"), href: path("access") }]}
      text={t("text", { project: info.name })}
    >
      <div>
        <LinkTabs
          label={t("title")}
          tabs={ALL.map((one) => ({ text: t(one), path: path(`access/${one}`), isHere: one === tab }))}
        />
        {!me ? <PageLoading /> : refused ? <Empty title={t("adminsOnly")} text={refused} /> : <Shown />}
      </div>
    </Page>
  );
}
