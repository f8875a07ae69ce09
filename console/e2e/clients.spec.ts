import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { A, ACCOUNTS, B, expect, type Name, PASSWORD, type Person, test } from "./support/fixtures";
import { plainEnvironment } from "./support/server";

const OPENSTACK =
  process.env.OPENSTACK_PROGRAM ?? resolve(import.meta.dirname, "../../interop/.venv/bin/openstack");

/** The unmodified client of OpenStack, as somebody in a project. */
const openstack = async ({ server }: Person, name: Name, project: string, ...words: string[]) => {
  const { stdout } = await promisify(execFile)(OPENSTACK, words, {
    env: {
      ...plainEnvironment(),
      OS_AUTH_URL: `${server.url}/v3`,
      OS_IDENTITY_API_VERSION: "3",
      OS_USERNAME: name,
      OS_PASSWORD: PASSWORD,
      OS_USER_DOMAIN_NAME: ACCOUNTS[name],
      OS_PROJECT_ID: project,
    },
  });
  return stdout;
};

test("uxt_15_what_openstack_s_client_does_is_what_the_console_shows", async ({ alice, bob, say }) => {
  const image = await alice.image("erp-golden");
  const page = await bob.open("images/shared", B);
  await openstack(alice, "alice", A, "image", "add", "project", image, B);
  await expect(
    page.getByRole("region", {
      name: say("1 shared image waits for your answer", "1 个共享镜像等待您的答复"),
    }),
  ).toBeVisible();
  await openstack(bob, "bob", B, "image", "set", "--accept", image);
  await page.reload();
  await expect(page.getByRole("rowheader", { name: "erp-golden" })).toBeVisible();
  expect(await alice.stateOf(image, B)).toBe("accepted");
  const list = await openstack(bob, "bob", B, "image", "list", "--shared", "-c", "Name", "-f", "value");
  expect(list).toContain("erp-golden");
});
