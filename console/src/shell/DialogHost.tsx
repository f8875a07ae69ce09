import { type ComponentType, lazy, Suspense } from "react";
import { useSearchParams } from "react-router";
import { dialogs } from "~/pages";
import type { DialogProps } from "~/pages/registry";
import { useReturnFocus } from "~/ui/focus";
import { useParamsPatch } from "~/ui/url";

const components = new Map<string, ComponentType<DialogProps>>(
  dialogs.map(({ name, load }) => [name, lazy(load)]),
);

/** Shows the dialog that the address asks for. */
export function DialogHost() {
  const [params] = useSearchParams();
  const patch = useParamsPatch();
  const name = params.get("dialog");
  const Dialog = name === null ? undefined : components.get(name);
  useReturnFocus(Dialog ? name : null);
  if (!Dialog) return null;
  const ids = (params.get("ids") ?? "").split(",").filter(Boolean);
  return (
    <Suspense fallback={null}>
      <Dialog
        key={`${name}/${ids.join()}`}
        ids={ids}
        close={() => patch({ dialog: null, ids: null, to: null })}
      />
    </Suspense>
  );
}
