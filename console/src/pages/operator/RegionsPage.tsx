import Badge from "@cloudscape-design/components/badge";
import { useCallback, useMemo } from "react";
import { useNavigate } from "react-router";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { apiBase } from "~/base";
import { useTexts } from "~/i18n/texts";
import { Empty, List } from "~/table/List";
import type { Column } from "~/table/types";
import { useWhole } from "~/table/whole";
import { CopyText } from "~/ui/Copy";
import { Page } from "~/ui/Page";
import { texts } from "./texts";

type Region = Schema<"RegionView">;
const KEY = ["operator", "regions"];
const idOf = (region: Region) => region.id;
const nameOf = (region: Region) => region.name;
const wordsOf = (region: Region) => [region.id, region.name, ...region.zones];

/** The regions of the installation. */
export default function RegionsPage() {
  const t = useTexts(texts);
  const { api } = usePlace();
  const navigate = useNavigate();
  const load = useWhole<Region>(
    useCallback(async (signal) => (await ok(api.GET("/api/v1/regions", { signal }))).regions, [api]),
    wordsOf,
  );
  const columns = useMemo((): Column<Region>[] => {
    const address = (region: Region) => `${location.origin}${apiBase}/region/${region.id}`;
    return [
      {
        id: "region",
        header: t("region"),
        cell: (region) => (
          <span data-row className="lg-row-name">
            {region.id} {region.is_current && <Badge color="blue">{t("here")}</Badge>}
          </span>
        ),
        csv: idOf,
      },
      { id: "name", header: t("name"), cell: nameOf, csv: nameOf },
      {
        id: "zones",
        header: t("zones"),
        cell: (region) => region.zones.join(", ") || "–",
        csv: (region) => region.zones.join(" "),
      },
      {
        id: "address",
        header: t("address"),
        minWidth: 260,
        cell: (region) => <CopyText text={address(region)} />,
        csv: address,
      },
    ];
  }, [t]);
  return (
    <Page title={t("regions")} path="/operator/regions" text={t("regions.text")}>
      <List<Region>
        id="operator-regions"
        title={t("regions")}
        queryKey={KEY}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={columns}
        filters={[]}
        quick={(region) => [
          {
            id: "rules",
            text: t("regionRules"),
            run: () => void navigate(`/operator/policy?scope=region&id=${region.id}`),
          },
        ]}
        cli={() => "lend region list"}
        empty={<Empty title={t("regions")} />}
      />
    </Page>
  );
}
