/** The applications that a sandbox platform knows. */

/** An OAuth client as registered at the platform. */
export interface SandboxClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
}
