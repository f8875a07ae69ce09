import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Vault } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { useWords } from "~/i18n/words";
import type { DialogProps } from "~/pages/registry";
import { toast } from "~/shell/messages";
import { useRefusal } from "~/ui/may";
import { Confirm } from "../Confirm";
import { capacityOf, useVaultProblem, VaultFields, type VaultForm } from "./fields";
import { texts } from "./texts";

/** One vault by its id. */
export function useVault(id: string) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "vaults", "one", id],
    queryFn: () => ok(api.GET("/api/v1/vaults/{id}", { params: { path: { id } } })),
    placeholderData: undefined,
  });
}

export default function VaultEditDialog({ ids: [id = ""], close }: DialogProps) {
  const { data } = useVault(id);
  return data ? <Edit vault={data} close={close} /> : null;
}

function Edit({ vault, close }: { vault: Vault; close: () => void }) {
  const t = useTexts(texts);
  const { api, key } = usePlace();
  const client = useQueryClient();
  const w = useWords();
  const problem = useVaultProblem();
  const role = useRefusal("ims:vaults:manage");
  const [form, setForm] = useState<VaultForm>({
    name: vault.name,
    capacity: String(vault.capacity_gib),
    description: vault.description,
  });
  const run = async () => {
    const changed = await ok(
      api.PATCH("/api/v1/vaults/{id}", {
        params: { path: { id: vault.id } },
        body: {
          name: form.name.trim(),
          capacity_gib: capacityOf(form.capacity),
          description: form.description.trim(),
        },
      }),
    );
    void client.invalidateQueries({ queryKey: [...key, "vaults"] });
    void client.invalidateQueries({ queryKey: [...key, "quota"] });
    toast({ kind: "success", text: t("changed", { name: changed.name }) });
  };
  return (
    <Confirm
      title={t("editTitle", { name: vault.name })}
      verb={w("act.save")}
      run={run}
      close={close}
      refused={role ?? problem(form, vault.used_gib)}
    >
      <VaultFields
        form={form}
        used={vault.used_gib}
        change={(patch) => setForm((now) => ({ ...now, ...patch }))}
      />
    </Confirm>
  );
}
