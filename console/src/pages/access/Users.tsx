import Badge from "@cloudscape-design/components/badge";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useCallback, useMemo } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { useSession } from "~/api/session";
import type { Schema } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { Go } from "~/shell/links";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { CopyText } from "~/ui/Copy";
import { useParamsPatch } from "~/ui/url";
import { useActions, usePolicies, useRoleWord } from "./queries";
import { texts } from "./texts";

type User = Schema<"AccessUser">;
const KEY = ["access", "users", "list"];
const idOf = (user: User) => user.id;
const nameOf = (user: User) => user.name ?? user.id;
const wordsOf = (user: User) => [user.name, user.id, ...user.roles];

/** The users of the project, with what they come to. */
export function Users() {
  const t = useTexts(texts);
  const { api, path } = usePlace();
  const session = useSession();
  const patch = useParamsPatch();
  const roleWord = useRoleWord();
  const { data: policies } = usePolicies();
  const load = useWhole<User>(
    useCallback(async (signal) => (await ok(api.GET("/api/v1/access/users", { signal }))).users, [api]),
    wordsOf,
  );
  const columns = useMemo(
    (): Column<User>[] => [
      {
        id: "name",
        header: t("name"),
        minWidth: 150,
        cell: (user) => (
          <span className="lg-nowrap">
            <button
              type="button"
              data-row
              className="lg-link lg-row-name"
              onClick={() => patch({ sel: user.id })}
            >
              {nameOf(user)}
            </button>{" "}
            {user.id === session.user.id && <Badge color="blue">{t("you")}</Badge>}
          </span>
        ),
        csv: nameOf,
      },
      {
        id: "roles",
        header: t("roles"),
        cell: (user) => user.roles.map(roleWord).join(", "),
        csv: (user) => user.roles.join(" "),
      },
      {
        id: "policies",
        header: t("policies"),
        minWidth: 160,
        cell: (user) =>
          user.policies.length === 0 ? (
            t("noPolicies")
          ) : (
            <SpaceBetween direction="horizontal" size="xs">
              {user.policies.map((id) => (
                <Go key={id} to={path(`access/policies/${id}`)}>
                  {policies?.policies.find((one) => one.id === id)?.name ?? id}
                </Go>
              ))}
            </SpaceBetween>
          ),
        csv: (user) => user.policies.join(" "),
      },
      {
        id: "may",
        header: t("may"),
        cell: (user) => t("mayCount", { n: user.actions.length }),
        csv: (user) => user.actions.length,
      },
      {
        id: "id",
        header: t("id"),
        minWidth: 200,
        cell: (user) => <CopyText text={user.id} whole={false} />,
        csv: idOf,
      },
    ],
    [t, path, patch, policies, roleWord, session.user.id],
  );
  return (
    <List<User>
      id="access-users"
      title={t("users")}
      queryKey={KEY}
      load={load}
      rowId={idOf}
      rowName={nameOf}
      columns={columns}
      filters={[]}
      cli={() => "lend access user list"}
      panel={(users) => users[0] && <May user={users[0]} />}
      above={<div className="lg-muted">{t("users.text")}</div>}
      empty={<Empty title={t("users.empty")} />}
    />
  );
}

/** What a user may do, one by one. */
function May({ user }: { user: User }) {
  const t = useTexts(texts);
  const { data } = useActions();
  return (
    <SpaceBetween size="s">
      <CopyText text={user.id} />
      <div>{t("mayCount", { n: user.actions.length })}</div>
      <ul>
        {user.actions.map((action) => (
          <li key={action}>
            {data?.actions.find((one) => one.action === action)?.text ?? action}{" "}
            <span className="lg-muted">{action}</span>
          </li>
        ))}
      </ul>
    </SpaceBetween>
  );
}
