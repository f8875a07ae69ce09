import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";

/** One backup by its id. */
export function useBackup(id: string) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "backups", "one", id],
    queryFn: () => ok(api.GET("/api/v1/backups/{id}", { params: { path: { id } } })),
    placeholderData: undefined,
  });
}

/** Makes everything that shows vaults and backups be read anew. */
export function useBackupsChanged() {
  const { key } = usePlace();
  const client = useQueryClient();
  return useCallback(() => {
    for (const what of ["vaults", "backups", "images", "quota"])
      void client.invalidateQueries({ queryKey: [...key, what] });
  }, [client, key]);
}

/** Own active images of a kind, to choose from. */
export function useOwnImages(kind: "system" | "data") {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "images", "choose", kind],
    queryFn: async () => {
      const query = { view: "owned", kind: [kind], status: ["active"], limit: 200 } as object;
      return (await ok(api.GET("/api/v1/images", { params: { query } }))).images;
    },
  });
}
