import Badge from "@cloudscape-design/components/badge";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useCallback, useMemo } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { Go } from "~/shell/links";
import { Empty, List } from "~/table/List";
import type { Column, Load } from "~/table/types";
import { CopyText } from "~/ui/Copy";
import { Page } from "~/ui/Page";
import { useParamsPatch } from "~/ui/url";
import { texts } from "./texts";

type Tenant = Schema<"TenantView">;
type TenantProject = Schema<"TenantProjectView">;

const KEY = ["operator", "tenants"];
const idOf = (tenant: Tenant) => tenant.id;
const nameOf = (tenant: Tenant) => tenant.name;
const sum = (tenant: Tenant, what: "images" | "image_bytes" | "shares_given" | "shares_received") =>
  tenant.projects.reduce((all, one) => all + one[what], 0);

/** Every account with its projects. */
export default function TenantsPage() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const { bytes, number } = useFormat();
  const patch = useParamsPatch();
  const load: Load<Tenant> = useCallback(
    async ({ sort: _, ...query }, signal) => {
      const page = await ok(api.GET("/api/v1/tenants", { params: { query }, signal }));
      return { rows: page.tenants, next: page.next, total: page.total };
    },
    [api],
  );
  const columns = useMemo(
    (): Column<Tenant>[] => [
      {
        id: "account",
        header: t("account"),
        minWidth: 160,
        cell: (tenant) => (
          <span className="lg-nowrap">
            <button
              type="button"
              data-row
              className="lg-link lg-row-name"
              onClick={() => patch({ sel: tenant.id })}
            >
              {tenant.name}
            </button>{" "}
            {!tenant.enabled && <Badge color="grey">{t("disabled")}</Badge>}
          </span>
        ),
        csv: nameOf,
      },
      {
        id: "id",
        header: t("accountId"),
        minWidth: 140,
        cell: (tenant) => <CopyText text={tenant.id} whole={false} />,
        csv: idOf,
      },
      {
        id: "uid",
        header: t("uid"),
        cell: (tenant) => <CopyText text={tenant.uid} />,
        minWidth: 150,
        csv: (tenant) => tenant.uid,
        isHidden: true,
      },
      {
        id: "projects",
        header: t("projects"),
        cell: (tenant) => number(tenant.projects.length),
        csv: (tenant) => tenant.projects.length,
      },
      {
        id: "users",
        header: t("users"),
        cell: (tenant) => number(tenant.users),
        csv: (tenant) => tenant.users,
      },
      {
        id: "images",
        header: t("images"),
        cell: (tenant) => number(sum(tenant, "images")),
        csv: (tenant) => sum(tenant, "images"),
      },
      {
        id: "bytes",
        header: t("bytes"),
        cell: (tenant) => bytes(sum(tenant, "image_bytes")),
        csv: (tenant) => sum(tenant, "image_bytes"),
      },
      {
        id: "given",
        header: t("given"),
        cell: (tenant) => number(sum(tenant, "shares_given")),
        csv: (tenant) => sum(tenant, "shares_given"),
      },
      {
        id: "received",
        header: t("received"),
        cell: (tenant) => number(sum(tenant, "shares_received")),
        csv: (tenant) => sum(tenant, "shares_received"),
      },
      {
        id: "email",
        header: t("email"),
        cell: (tenant) => tenant.email ?? "–",
        csv: (tenant) => tenant.email,
        isHidden: true,
      },
    ],
    [t, bytes, number, patch],
  );
  return (
    <Page title={t("tenants")} path="/operator/tenants" text={t("tenants.text")}>
      <List<Tenant>
        id="operator-tenants"
        title={t("tenants")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={columns}
        filters={[]}
        freeText="q"
        cli={() => "lend operator tenants"}
        panel={(tenants) =>
          tenants[0] && (
            <div className="lg-stack">
              <div>
                {t("accountId")} <CopyText text={tenants[0].id} />
              </div>
              {tenants[0].email && (
                <div>
                  {t("email")} <CopyText text={tenants[0].email} />
                </div>
              )}
              {tenants[0].projects.map((project) => (
                <Project key={project.id} project={project} />
              ))}
            </div>
          )
        }
        empty={<Empty title={t("tenants.empty")} />}
      />
    </Page>
  );
}

function Project({ project }: { project: TenantProject }) {
  const t = useTexts(texts);
  const { bytes, number } = useFormat();
  const fact = (label: string, value: string) => (
    <div>
      <span className="lg-muted">{label}</span> {value}
    </div>
  );
  return (
    <section className="lg-section">
      <strong>{project.name}</strong> <span className="lg-muted">{project.region ?? t("everywhere")}</span>
      <div>
        <CopyText text={project.id} />
      </div>
      <StatusIndicator type={project.enabled ? "success" : "stopped"}>
        {t(project.enabled ? "enabled" : "disabled")}
      </StatusIndicator>
      <div className="lg-muted">{t(project.discoverable ? "discoverable" : "hidden")}</div>
      {fact(t("users"), number(project.users))}
      {fact(t("images"), `${number(project.images)} · ${bytes(project.image_bytes)}`)}
      {fact(t("given"), number(project.shares_given))}
      {fact(t("received"), number(project.shares_received))}
      <div className="lg-row-acts">
        <Go to={`/operator/policy?scope=project&id=${project.id}`}>{t("rules")}</Go>
        <Go to={`/operator/audit?q=${encodeURIComponent(`project=${project.id}`)}`}>{t("trail")}</Go>
      </div>
    </section>
  );
}
