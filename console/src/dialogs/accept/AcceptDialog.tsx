import "~/images/images.css";
import Alert from "@cloudscape-design/components/alert";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { ApiError } from "~/api/errors";
import type { Image, Pair } from "~/api/types";
import { useFormat } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { useRefresh, useUndo } from "~/images/queries";
import type { DialogProps } from "~/pages/registry";
import { toastWithUndo } from "~/shell/messages";
import { Failure } from "~/ui/Failure";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { fieldOf } from "../fields/fields";
import { texts } from "./texts";
import { useDisks, useOffers, useVaults } from "./useOffers";
import { NEW, VaultChoice } from "./VaultChoice";
import { newNameProblem, newSizeProblem, suggested, vaultProblem } from "./vaults";

const NONE: Image[] = [];
const AT = {
  name: "name",
  NAME_TAKEN: "name",
  capacity_gib: "size",
  VAULT_CAPACITY_QUOTA: "size",
  VAULT_QUOTA: "vault",
  VAULT_REQUIRED: "vault",
  VAULT_WRONG_TYPE: "vault",
  VAULT_TOO_SMALL: "vault",
  VAULT_UNAVAILABLE: "vault",
  VAULT_NOT_FOUND: "vault",
} as const;
type Field = (typeof AT)[keyof typeof AT];
const needOf = (image: Image) => image.actions.accept?.vault_gib ?? 0;

/** Accepts offers of which some bring backups with them: these ask for a vault. */
export default function AcceptDialog({ ids, close }: DialogProps) {
  const t = useTexts(texts);
  const w = useWords();
  const { api, key } = usePlace();
  const { list } = useFormat();
  const client = useQueryClient();
  const refresh = useRefresh();
  const undo = useUndo();
  const mayCreate = useRefusal("ims:vaults:manage");
  const offers = useOffers(ids);
  const [done, setDone] = useState<string[]>([]);
  const images = (offers.data ?? NONE).filter((image) => !done.includes(image.id));
  const able = images.filter((image) => image.actions.accept?.allowed);
  const unable = images.filter((image) => !image.actions.accept?.allowed);
  const full = able.filter((image) => needOf(image) > 0);
  const plain = able.filter((image) => needOf(image) === 0);
  const need = full.reduce((all, image) => all + needOf(image), 0);
  const { data: disks } = useDisks(full.map((image) => image.id));
  const vaultList = useVaults(true);
  const vaults = vaultList.data ?? [];

  const [choice, setChoice] = useState<string>();
  const [typed, setTyped] = useState<{ name: string; size: string }>();
  const [isTried, setTried] = useState(false);
  const [refused, setRefused] = useState<Partial<Record<Field, string>>>({});
  const [left, setLeft] = useState<Pair[]>([]);
  const fresh = typed ?? suggested(vaults, need);
  const fits = vaults.find((vault) => !vaultProblem(vault, need, t));
  const chosen = choice ?? fits?.id ?? "";
  const vault = vaults.find((one) => one.id === chosen);
  const isNew = chosen === NEW;
  const asksVault = full.length > 0;

  const name = isNew ? newNameProblem(fresh.name, vaults, t) : undefined;
  const size = isNew ? newSizeProblem(fresh.size, need, t) : undefined;
  const lacks = isNew ? undefined : vault ? vaultProblem(vault, need, t) : t("choose");
  const isLoading = offers.isPending || (asksVault && vaultList.isPending);
  const blocked = isLoading
    ? ""
    : able.length === 0
      ? ((unable[0] && refusal(unable[0], "accept")) ?? t("nothing"))
      : asksVault && lacks
        ? t("chooseFree", { need })
        : undefined;

  const vaultFor = async () => {
    if (!asksVault) return undefined;
    if (!isNew) return chosen;
    const made = await ok(
      api.POST("/api/v1/vaults", {
        body: {
          name: fresh.name,
          capacity_gib: Number(fresh.size),
          object_type: "server",
          protection: "backup",
        },
      }),
    );
    // From here on it is one of the project's vaults, whatever becomes of the answer.
    await client.invalidateQueries({ queryKey: [...key, "vaults"] });
    setChoice(made.id);
    return made.id;
  };
  const run = async () => {
    setTried(true);
    setRefused({});
    setLeft([]);
    if (asksVault && (name || size)) throw new StillWrong();
    try {
      const vault = await vaultFor();
      const report = await ok(
        api.POST("/api/v1/shares/answers", {
          body: { answer: "accept", images: able.map((image) => image.id), vault, mode: "partial" },
        }),
      );
      const good = report.results.filter((pair) => pair.outcome !== "refused");
      if (good.length) toastWithUndo(t("done", { n: good.length }), report.undo, undo);
      const bad = report.results.filter((pair) => pair.outcome === "refused");
      setDone((before) => [...before, ...good.map((pair) => pair.image)]);
      const [first] = bad;
      if (first) {
        setLeft(bad);
        throw new ApiError({
          status: 409,
          code: first.code ?? "",
          message: first.message ?? "",
          requestId: report.request_id,
        });
      }
    } finally {
      refresh();
      void client.invalidateQueries({ queryKey: [...key, "vaults"] });
      void client.invalidateQueries({ queryKey: [...key, "backups"] });
    }
  };
  const place = (error: unknown) => {
    if (error instanceof StillWrong) return true;
    const field = fieldOf(error, AT);
    if (!field || !(error instanceof ApiError)) return false;
    setRefused({ [field]: error.message });
    return true;
  };

  const isOnlyFull = plain.length === 0 && full.length === 1;
  return (
    <Confirm
      title={isOnlyFull ? t("titleFull") : t("title", { n: able.length })}
      size={asksVault ? "large" : "medium"}
      verb={t("verb", { n: able.length })}
      refused={blocked}
      run={run}
      place={place}
      close={close}
    >
      {offers.error ? (
        <Failure error={offers.error} retry={() => void offers.refetch()} />
      ) : isLoading ? (
        <Spinner />
      ) : (
        <SpaceBetween size="m">
          {asksVault && (
            <SpaceBetween size="m">
              <div>{t("copied")}</div>
              <Needs images={full} disks={disks} need={need} />
              {vaultList.error ? (
                <Failure error={vaultList.error} retry={() => void vaultList.refetch()} />
              ) : (
                <VaultChoice
                  vaults={vaults}
                  need={need}
                  chosen={chosen}
                  choose={(one) => {
                    setChoice(one);
                    setRefused({});
                  }}
                  fresh={fresh}
                  change={setTyped}
                  problems={{
                    vault: refused.vault ?? (choice !== undefined || isTried ? lacks : undefined),
                    name: refused.name ?? (isTried || typed ? name : undefined),
                    size: refused.size ?? (isTried || typed ? size : undefined),
                  }}
                  mayCreate={mayCreate}
                />
              )}
              {!lacks && !size && (
                <div role="status">
                  {t("after", {
                    v: vault?.name ?? fresh.name,
                    n: (vault ? vault.free_gib : Number(fresh.size)) - need,
                  })}
                </div>
              )}
            </SpaceBetween>
          )}
          {plain.length > 0 && asksVault && (
            <div>{t("plain", { n: plain.length, names: list(plain.map(nameOf)) })}</div>
          )}
          {plain.length > 0 && !asksVault && <div>{list(plain.map(nameOf))}</div>}
          {left.length > 0 && (
            <Reasons
              title={t("refused")}
              lines={left.map((pair) => ({
                id: pair.image,
                name: nameOf(
                  images.find((image) => image.id === pair.image) ?? ({ id: pair.image } as Image),
                ),
                why: pair.message ?? pair.code ?? "",
              }))}
            />
          )}
          {unable.length > 0 && (
            <Reasons
              title={t("skipped")}
              lines={unable.map((image) => ({
                id: image.id,
                name: nameOf(image),
                why: refusal(image, "accept") ?? "",
              }))}
            />
          )}
          {able.length > 0 && (
            <Alert type="warning">
              {w("risk.accept", {
                owner: list([...new Set(able.map((image) => image.owner.name ?? image.owner.id))]),
              })}
            </Alert>
          )}
        </SpaceBetween>
      )}
    </Confirm>
  );
}

/** The form says itself what is wrong with it. */
class StillWrong extends Error {}

function Reasons({ title, lines }: { title: string; lines: { id: string; name: string; why: string }[] }) {
  return (
    <div>
      {title}
      <ul>
        {lines.map((line) => (
          <li key={line.id}>
            {line.name} <span className="lg-muted">– {line.why}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** How much room each full server takes. */
function Needs({
  images,
  disks,
  need,
}: {
  images: Image[];
  disks: ReturnType<typeof useDisks>["data"];
  need: number;
}) {
  const t = useTexts(texts);
  return (
    <div className="lg-scroll">
      <table className="lg-table">
        <thead>
          <tr>
            <th scope="col">{t("col.image")}</th>
            <th scope="col">{t("col.system")}</th>
            <th scope="col">{t("col.data")}</th>
            <th scope="col">{t("col.needed")}</th>
          </tr>
        </thead>
        <tbody>
          {images.map((image) => {
            const all = disks?.get(image.id)?.disks ?? [];
            const data = all.filter((disk) => !disk.system);
            const sizes = [...new Set(data.map((disk) => disk.size_gib))];
            return (
              <tr key={image.id}>
                <th scope="row">{nameOf(image)}</th>
                <td>
                  {all
                    .filter((disk) => disk.system)
                    .map((disk) => t("capacity", { n: disk.size_gib }))
                    .join(", ") || "–"}
                </td>
                <td>
                  {sizes
                    .map((size) =>
                      t("disks", { n: data.filter((disk) => disk.size_gib === size).length, size }),
                    )
                    .join(", ") || "–"}
                </td>
                <td>{t("capacity", { n: needOf(image) })}</td>
              </tr>
            );
          })}
          {images.length > 1 && (
            <tr>
              <th scope="row">{t("sum")}</th>
              <td />
              <td />
              <td>
                <strong>{t("capacity", { n: need })}</strong>
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
