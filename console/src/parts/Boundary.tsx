import { Component, type ReactNode } from "react";

type Props = {
  children: ReactNode;
  /** What is shown in the place of what failed, with a way to try again. */
  instead?: (again: () => void) => ReactNode;
};

/** Keeps what fails inside it from taking the page along; by itself it shows nothing in its place. */
export class Boundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return this.props.instead?.(() => this.setState({ failed: false })) ?? null;
  }
}
