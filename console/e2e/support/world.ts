/** The people of every test: alice owns project A, bob B (and B2 in another region), carol is a stranger. */
export const A = "a".repeat(32);
export const B = "b".repeat(32);
export const B2 = `${"b".repeat(31)}2`;
export const C = "c".repeat(32);
export const OPS = "0".repeat(32);

export const PASSWORD = "demo";

export const ACCOUNTS = {
  alice: "Acme",
  bob: "Borealis",
  rita: "Borealis",
  carol: "Cumulus",
  admin: "Operations",
} as const;
export type Name = keyof typeof ACCOUNTS;

/** Ids of projects that exist so that images can be shared with many. */
export const crowd = (n: number) =>
  Array.from({ length: n }, (_, at) => `${"d".repeat(28)}${String(at).padStart(4, "0")}`);

const account = (name: string) =>
  `[[accounts]]\nname = "${name}"\nid = "${name.toLowerCase()}"\nemail = "root@${name.toLowerCase()}.example"\n`;
const project = (name: string, id: string, account: string, region = "r1") =>
  `[[projects]]\nid = "${id}"\nname = "${name}"\naccount = "${account}"\nregion = "${region}"\ndiscoverable = true\n`;
const user = (name: Name, roles: string, more = "") =>
  `[[users]]\nid = "${name}"\nname = "${name}"\naccount = "${ACCOUNTS[name]}"\npassword = "${PASSWORD}"\n${more}roles = [${roles}]\n`;
const role = (project: string, role: string) => `{ project = "${project}", role = "${role}" }`;

/** The world file, with so many more projects as recipients. */
export const world = (others: number) =>
  [
    '[[regions]]\nid = "r1"\nname = "Region One"\nzones = ["r1a"]\n',
    '[[regions]]\nid = "r2"\nname = "Region Two"\nzones = ["r2a"]\n',
    ...["Acme", "Borealis", "Cumulus", "Operations"].map(account),
    project("project-a", A, "Acme"),
    project("project-b", B, "Borealis"),
    project("project-b2", B2, "Borealis", "r2"),
    project("project-c", C, "Cumulus"),
    project("operations", OPS, "Operations"),
    ...crowd(others).map((id, at) => project(`tenant-${at}`, id, "Cumulus")),
    user("alice", role("project-a", "admin")),
    user("bob", `${role("project-b", "member")}, ${role("project-b2", "member")}`),
    user("rita", role("project-b", "reader")),
    user("carol", role("project-c", "member")),
    user("admin", role("Operations/operations", "admin"), "system_admin = true\n"),
  ].join("\n");
