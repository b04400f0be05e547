import { Component, type ReactNode } from "react";
import { Button } from "./button.tsx";
import { Empty } from "./notice.tsx";
import { Page } from "./page.tsx";

interface State {
  error: Error | null;
}

/** Shows the error of a page that failed. A page also fails when its script is gone because the hub was updated. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Page title="This page failed">
        <Empty title="The page could not be shown">
          <p>{error.message}</p>
          <p>If the hub was updated a moment ago, loading the page again helps.</p>
          <Button look="primary" onClick={() => location.reload()}>
            Load it again
          </Button>
        </Empty>
      </Page>
    );
  }
}
