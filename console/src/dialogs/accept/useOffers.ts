import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Image, Schema, Vault } from "~/api/types";
import { useImagesById } from "~/images/queries";

type Disks = Schema<"DiskList">;

/** Everything that waits for this project's answer. */
function useWaiting(isWanted: boolean) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "images", "waiting"],
    queryFn: async () => {
      const found: Image[] = [];
      let marker: string | undefined;
      do {
        const query = { view: "received", state: "pending", limit: 200, marker };
        const page = await ok(api.GET("/api/v1/images", { params: { query } }));
        found.push(...page.images);
        marker = page.next ?? undefined;
      } while (marker);
      return found;
    },
    enabled: isWanted,
  });
}

/** The offers an address names, or all that wait where it names none. */
export function useOffers(ids: string[]) {
  const named = useImagesById(ids);
  const waiting = useWaiting(ids.length === 0);
  return ids.length ? named : waiting;
}

/** The disks of full servers, by image. */
export function useDisks(ids: string[]) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "image", "disks", ids],
    queryFn: async () => {
      const lists = await Promise.all(
        ids.map((id) => ok(api.GET("/api/v1/images/{id}/disks", { params: { path: { id } } }))),
      );
      return new Map<string, Disks>(lists.map((list) => [list.image, list]));
    },
    enabled: ids.length > 0,
  });
}

/** Every vault of this project. */
export function useVaults(isWanted: boolean) {
  const { api, key } = usePlace();
  return useQuery({
    queryKey: [...key, "vaults", "all"],
    queryFn: async () => {
      const found: Vault[] = [];
      let marker: string | undefined;
      do {
        const page = await ok(api.GET("/api/v1/vaults", { params: { query: { limit: 200, marker } } }));
        found.push(...page.vaults);
        marker = page.next ?? undefined;
      } while (marker);
      return found;
    },
    enabled: isWanted,
  });
}
