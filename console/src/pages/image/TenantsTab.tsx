import { useState } from "react";
import type { Image, Share } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { Losing, TenantsTable, useLosingTitle } from "~/dialogs/tenants/TenantsTable";
import { useSlots, useTenantActs } from "~/dialogs/tenants/tenants";
import { texts as tenantsTexts } from "~/dialogs/tenants/texts";
import { useTexts } from "~/i18n/texts";
import { useDialog } from "~/ui/url";

/** With whom the image is shared, and how many more may have it. */
export function TenantsTab({ image }: { image: Image }) {
  const t = useTexts(tenantsTexts);
  const dialog = useDialog();
  const { tenants, left } = useSlots(image);
  const { remove } = useTenantActs(image.id);
  const title = useLosingTitle();
  const [losing, setLosing] = useState<Share[] | "all">();
  return (
    <>
      <TenantsTable
        image={image}
        add={() => dialog("share", [image.id])}
        ask={setLosing}
        above={
          <div>
            {t("now", { n: tenants })}
            {left !== null && `; ${t("more", { m: left })}`}
          </div>
        }
      />
      {losing && (
        <Confirm
          title={title(image, losing)}
          verb={t("verb")}
          run={() => remove(losing)}
          close={() => setLosing(undefined)}
        >
          <Losing image={image} shares={losing} />
        </Confirm>
      )}
    </>
  );
}
