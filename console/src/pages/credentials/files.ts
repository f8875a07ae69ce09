/** What a client needs to act in one project. */
export interface Account {
  authUrl: string;
  user: string;
  account: string;
}
export interface Where {
  region: string;
  project: { id: string; name: string };
}

// JSON's strings are YAML's double-quoted ones.
const yaml = (text: string) => JSON.stringify(text);
const shell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const plain = (text: string) =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");

/** How `--os-cloud` and `--cloud` name a project; each name once. */
export function cloudNames(places: Where[]): string[] {
  const short = places.map(({ project }) => plain(project.name) || project.id);
  const long = places.map(({ region }, index) => `${short[index]}-${plain(region)}`);
  const names = short.map((name, index) =>
    short.indexOf(name) === short.lastIndexOf(name) ? name : long[index],
  );
  return names.map((name, index) =>
    names.indexOf(name) === names.lastIndexOf(name)
      ? (name ?? "")
      : `${name}-${places[index]?.project.id.slice(0, 8)}`,
  );
}

/** A `clouds.yaml` for the OpenStack clients and `lend`, without the password. */
export function cloudsYaml({ authUrl, user, account }: Account, places: Where[]): string {
  const names = cloudNames(places);
  const entries = places.map(({ region, project }, index) =>
    [
      `  ${yaml(names[index] ?? "")}:`,
      "    auth_type: password",
      "    auth:",
      `      auth_url: ${yaml(authUrl)}`,
      `      username: ${yaml(user)}`,
      `      user_domain_name: ${yaml(account)}`,
      `      project_id: ${yaml(project.id)}`,
      `    region_name: ${yaml(region)}`,
      "    identity_api_version: 3",
    ].join("\n"),
  );
  return `clouds:\n${entries.join("\n")}\n`;
}

/** The same as lines for a shell; the client asks for the password. */
export function envLines({ authUrl, user, account }: Account, { region, project }: Where): string {
  const lines = [
    ["OS_AUTH_TYPE", "password"],
    ["OS_AUTH_URL", authUrl],
    ["OS_USERNAME", user],
    ["OS_USER_DOMAIN_NAME", account],
    ["OS_PROJECT_ID", project.id],
    ["OS_REGION_NAME", region],
    ["OS_IDENTITY_API_VERSION", "3"],
  ] as const;
  return `${lines.map(([name, value]) => `export ${name}=${shell(value)}`).join("\n")}\n`;
}
