import { Component, type ReactNode } from 'react';
import { Button } from 'react-aria-components/Button';
import { messages } from './messages.ts';

const m = messages.trouble;

interface PageBoundaryProps {
  readonly children: ReactNode;
}

/** Keeps the rest of the app going when one page stops, and says what to do. */
export class PageBoundary extends Component<PageBoundaryProps, { readonly stopped: boolean }> {
  override state = { stopped: false };

  static getDerivedStateFromError() {
    return { stopped: true };
  }

  override render() {
    if (!this.state.stopped) return this.props.children;
    return (
      <div className="page" role="alert">
        <h2>{m.pageHeading}</h2>
        <p>{m.pageHint}</p>
        <Button className="button" onPress={() => this.setState({ stopped: false })}>
          {m.openAgain}
        </Button>
      </div>
    );
  }
}
