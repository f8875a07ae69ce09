import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";
import { toApiError } from "~/api/errors";
import { type Session, useSignIn } from "~/api/session";
import { useTexts } from "~/i18n/texts";
import { texts } from "./texts";

/** Account, user and password. */
export function SignInForm({
  known,
  done,
}: {
  known?: { account: string; user: string };
  done: (session: Session) => void;
}) {
  const t = useTexts(texts);
  const signIn = useSignIn();
  const [account, setAccount] = useState(known?.account ?? localStorage.getItem("lendglass.account") ?? "");
  const [username, setUser] = useState(known?.user ?? "");
  const [password, setPassword] = useState("");
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!account || !username || !password || isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      const session = await signIn({ account, username, password });
      localStorage.setItem("lendglass.account", account);
      done(session);
    } catch (failure) {
      const { status, message } = toApiError(failure);
      setError(status === 401 ? t("wrong") : message);
      setBusy(false);
    }
  };
  const needed = (value: string) => (isTried && !value ? t("needed") : undefined);
  return (
    <form onSubmit={submit} noValidate>
      <SpaceBetween size="m">
        {error && <Alert type="error">{error}</Alert>}
        <FormField label={t("account")} errorText={needed(account)}>
          <Input
            value={account}
            name="account"
            autoComplete="organization"
            autoFocus={!account}
            onChange={({ detail }) => setAccount(detail.value)}
          />
        </FormField>
        <FormField label={t("user")} errorText={needed(username)}>
          <Input
            value={username}
            name="username"
            autoComplete="username"
            autoFocus={Boolean(account) && !username}
            onChange={({ detail }) => setUser(detail.value)}
          />
        </FormField>
        <FormField label={t("password")} errorText={needed(password)}>
          <Input
            value={password}
            name="password"
            type="password"
            autoComplete="current-password"
            autoFocus={Boolean(account && username)}
            onChange={({ detail }) => setPassword(detail.value)}
          />
        </FormField>
        <Button variant="primary" fullWidth loading={isBusy}>
          {t("submit")}
        </Button>
      </SpaceBetween>
    </form>
  );
}
