import { useQuery } from "@tanstack/react-query";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { Go } from "~/shell/links";
import { CopyText } from "~/ui/Copy";
import { imagePathOf } from "~/uploads/paths";

/** What an event is about: an image by its name, with its page, as long as this project sees it. */
export function Target({ event, whole = false }: { event: Schema<"EventView">; whole?: boolean }) {
  const place = usePlace();
  const { target, project, counterpart, verb } = event;
  const isNear = project === place.project || counterpart !== null;
  const isImage = /^(image|share|tags)\./.test(verb) && isNear && event.region === place.region;
  const { data: name } = useQuery({
    queryKey: [...place.key, "image", target, "name"],
    queryFn: async () =>
      (await ok(place.api.GET("/api/v1/images/{id}", { params: { path: { id: target } } }))).name ?? null,
    enabled: isImage,
    retry: false,
    staleTime: 60_000,
  });
  if (!name) return <CopyText text={target} whole={whole} />;
  return (
    <span className={whole ? undefined : "lg-nowrap"}>
      <Go to={imagePathOf({ image: target, region: place.region, project: place.project })}>{name}</Go>
      {whole && " · "}
      <CopyText text={target} shown={whole ? target : ""} />
    </span>
  );
}
