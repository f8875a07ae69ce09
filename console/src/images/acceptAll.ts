import { useCallback } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import { hasDialog } from "~/pages";
import { useDialog } from "~/ui/url";
import { tellFailure, useAnswer } from "./queries";

/** Accepts everything that waits; where a full server is among it, the dialog asks for a vault first. */
export function useAcceptAll() {
  const { api } = usePlace();
  const answer = useAnswer();
  const dialog = useDialog();
  return useCallback(async () => {
    try {
      const query = { view: "received", state: "pending", kind: "full_server", limit: 200 };
      const { images } = await ok(api.GET("/api/v1/images", { params: { query } }));
      const asks = images.some((image) => image.actions.accept?.vault_gib);
      if (asks && hasDialog("accept")) dialog("accept");
      else await answer("accept", "all");
    } catch (error) {
      tellFailure(error);
    }
  }, [api, answer, dialog]);
}
