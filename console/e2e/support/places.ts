import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dialogs, pages } from "../../src/pages";
import { A, B, C, type Person } from "./fixtures";

/** What alice's project holds: own images in every state, offers of bob in every state, a vault with a backup. */
export interface Filled {
  image: string;
  vault: string;
  backup: string;
  full: string;
  offers: string[];
  job: string;
  policy: string;
}

/** An empty qcow2 of so many GiB, in a few KiB. */
function emptyDisk(gib: number): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "lendglass-disk-"));
  try {
    const file = join(folder, "disk.qcow2");
    execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", file, `${gib}G`]);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A full-server image of disks of this person, from a backup in a vault of his. */
export async function fullServer(person: Person, name: string, { gib = 1, vault: capacity = 20 } = {}) {
  const disk = await person.image(`${name}-disk`, { disk_format: "qcow2" }, emptyDisk(gib));
  const vault = await person.call<{ id: string }>("POST", "/vaults", {
    name: `${name}-vault`,
    capacity_gib: capacity,
  });
  const backup = await person.call<{ id: string }>("POST", "/backups", {
    vault: vault.id,
    disks: [disk],
    name: `${name}-backup`,
  });
  const image = await person.call<{ id: string }>("POST", `/backups/${backup.id}/image`, { name });
  return { image: image.id, vault: vault.id, backup: backup.id };
}

export async function fill(alice: Person, bob: Person): Promise<Filled> {
  const image = await alice.image("erp-golden", {
    tags: ["env:prod"],
    properties: { description: "ERP 12" },
  });
  const published = await alice.image("on-the-market");
  await alice.call("POST", `/images/${published}/publish`);
  const stopped = await alice.image("stopped");
  await alice.call("POST", `/images/${stopped}/deactivate`);
  await alice.call("POST", "/images", { name: "no-bytes-yet", disk_format: "raw", container_format: "bare" });
  await alice.share([image], [B, C]);
  await bob.answer("accept", [image]);
  const full = await fullServer(alice, "erp-full");
  const offers: string[] = [];
  for (const name of ["accepted-one", "rejected-one", "waiting-one"]) offers.push(await bob.image(name));
  const report = await bob.call<{ job?: string | null }>("POST", "/shares", {
    images: offers,
    recipients: [A],
    note: "for the move",
  });
  await alice.answer("accept", [offers[0] as string]);
  await alice.answer("reject", [offers[1] as string]);
  const policy = await alice.call<{ id: string }>("POST", "/access/policies", {
    name: "may-look",
    statements: [{ effect: "allow", actions: ["ims:images:list"] }],
    users: [],
  });
  const { jobs } = await alice.call<{ jobs: { id: string }[] }>("GET", "/jobs");
  return {
    image,
    vault: full.vault,
    backup: full.backup,
    full: full.image,
    offers,
    job: jobs[0]?.id ?? report.job ?? "",
    policy: policy.id,
  };
}

/** Every page of the console below `/console/`, from its own list, with things that are there. */
export function everyPage(filled: Filled): { path: string; scope: string }[] {
  const values: [RegExp, string][] = [
    [/^images\/:id/, filled.image],
    [/^vaults\/:id/, filled.vault],
    [/^backups\/:id/, filled.backup],
    [/^jobs\/:id/, filled.job],
    [/^access\/policies\/:id/, filled.policy],
  ];
  const tabsOf = (path: string) =>
    path.startsWith("access/")
      ? ["users", "policies", "owners", "webhooks"]
      : ["summary", "tenants", "activity", "lineage", "inspection", "tags"];
  return pages.flatMap(({ scope, path }) => {
    const id = values.find(([pattern]) => pattern.test(path))?.[1];
    if (path.includes(":id") && !id) throw new Error(`nothing is known for ${path}`);
    const named = path.replace("/:id", `/${id}`);
    const paths = /:tab\?$/.test(named) ? tabsOf(path).map((tab) => named.replace(/:tab\?$/, tab)) : [named];
    const before = { project: `r/r1/p/${A}/`, me: "me/", operator: "operator/", root: "" }[scope];
    return paths.map((path) => ({ scope, path: before + path.replace(/\/?:\w+\?|\/?\*$/g, "") }));
  });
}

/** Every dialog of the console, over the list it belongs to. */
export function everyDialog(filled: Filled): string[] {
  return dialogs.map(({ name }) => {
    const ids = name.startsWith("vault")
      ? filled.vault
      : name.startsWith("backup")
        ? filled.backup
        : ["accept", "remove", "trust", "block"].includes(name)
          ? filled.offers[2]
          : filled.image;
    return `r/r1/p/${A}/images/private?dialog=${name}&ids=${ids}`;
  });
}
