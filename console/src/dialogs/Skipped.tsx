import type { Image } from "~/api/types";
import { useTexts } from "~/i18n/texts";
import { refusal } from "~/images/acts";
import { nameOf } from "~/images/columns";
import { imageTexts } from "~/images/texts";

/** Which of the chosen images an act leaves out, and why. */
export function Skipped({ images, verb }: { images: Image[]; verb: string }) {
  const t = useTexts(imageTexts);
  if (images.length === 0) return null;
  return (
    <div>
      {t("skipped")}
      <ul>
        {images.map((image) => (
          <li key={image.id}>
            {nameOf(image)} <span className="lg-muted">– {refusal(image, verb)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
