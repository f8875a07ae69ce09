import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { Component, type ReactNode } from "react";
import { useTexts } from "~/i18n/texts";
import { shellTexts } from "./texts";

/** What a failed page shows instead of itself; another page takes it away. */
export class ErrorBoundary extends Component<
  { at: string; children: ReactNode },
  { error: unknown; at: string }
> {
  override state = { error: undefined as unknown, at: this.props.at };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  static getDerivedStateFromProps(props: { at: string }, state: { at: string }) {
    return props.at === state.at ? null : { at: props.at, error: undefined };
  }

  override render() {
    return this.state.error === undefined ? this.props.children : <Failed error={this.state.error} />;
  }
}

function Failed({ error }: { error: unknown }) {
  const t = useTexts(shellTexts);
  return (
    <Box textAlign="center" padding="xxxl">
      <Box variant="h1">{t("failed.title")}</Box>
      <Box variant="p">{t("failed.text")}</Box>
      <Box variant="p" color="text-status-error">
        <span className="lg-mono">{error instanceof Error ? error.message : String(error)}</span>
      </Box>
      <Button onClick={() => location.reload()}>{t("failed.reload")}</Button>
    </Box>
  );
}
