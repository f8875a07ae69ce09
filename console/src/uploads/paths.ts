import { placePath } from "~/api/context";
import { hasPage } from "~/pages";
import type { Upload } from "./tray";

/** Where the image of an upload can be seen. */
export const imagePathOf = (upload: Pick<Upload, "image" | "region" | "project">): string =>
  placePath(
    upload,
    hasPage("project", "images/:id")
      ? `images/${upload.image}/summary`
      : `images/private?sel=${encodeURIComponent(upload.image)}`,
  );
