import { useNameOf, useTenantName } from "~/api/names";
import { CopyText } from "./Copy";

/** Who or what an id names: with its name where it may be known. */
export function Named({ id, isTenant = false }: { id: string | null | undefined; isTenant?: boolean }) {
  const known = useNameOf()(id);
  const asked = useTenantName(isTenant && id && !known ? id : null);
  const name = known ?? asked;
  if (!id) return <>–</>;
  return (
    <span className="lg-nowrap">
      {name && <span>{name} · </span>}
      <CopyText text={id} whole={false} />
    </span>
  );
}
