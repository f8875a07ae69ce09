import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import { useState } from "react";
import { ok } from "~/api/client";
import { usePlace } from "~/api/context";
import type { Schema } from "~/api/types";
import { Confirm } from "~/dialogs/Confirm";
import { useTexts } from "~/i18n/texts";
import { toast } from "~/shell/messages";
import { Effects, useEffects } from "./Effects";
import { texts } from "./texts";
import { usePolicyWords } from "./words";

type Profile = Schema<"Profile">;
const PROFILES: Profile[] = ["lendglass", "huawei", "huawei-128", "ctyun", "ctyun-v4", "tencent", "glance"];

/** The profile of the installation, to be seen and chosen. */
export function ProfilePicker({ now, changed }: { now: Profile; changed: () => void }) {
  const t = useTexts(texts);
  const { profile } = usePolicyWords();
  const [chosen, setChosen] = useState<Profile>();
  const [isAsking, setAsking] = useState(false);
  const shown = chosen ?? now;
  const option = (value: Profile) => ({ value, label: profile(value), description: value });
  return (
    <Container>
      <FormField label={t("profile")} description={t("profileText")}>
        <div className="lg-inline">
          <Select
            ariaLabel={t("profile")}
            selectedOption={option(shown)}
            options={PROFILES.map(option)}
            onChange={({ detail }) => setChosen(PROFILES.find((one) => one === detail.selectedOption.value))}
          />
          <Button disabled={shown === now} disabledReason={t("same")} onClick={() => setAsking(true)}>
            {t("choose")}
          </Button>
        </div>
      </FormField>
      {isAsking && chosen && (
        <Ask
          profile={chosen}
          close={() => setAsking(false)}
          changed={() => {
            setChosen(undefined);
            changed();
          }}
        />
      )}
    </Container>
  );
}

function Ask({ profile, close, changed }: { profile: Profile; close: () => void; changed: () => void }) {
  const t = useTexts(texts);
  const words = usePolicyWords();
  const { api } = usePlace();
  const send = (dryRun: boolean) =>
    ok(api.PUT("/api/v1/policies/profile", { body: { profile, dry_run: dryRun } }));
  const effects = useEffects(["profile", profile], () => send(true));
  const name = words.profile(profile);
  return (
    <Confirm
      title={t("chooseTitle", { name })}
      verb={t("choose")}
      close={close}
      run={async () => {
        await send(false);
        toast({ kind: "success", text: t("chosen", { name }) });
        changed();
      }}
    >
      <Effects {...effects} />
    </Confirm>
  );
}
