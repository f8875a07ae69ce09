import { describe, expect, it } from "vitest";
import { cloudNames, cloudsYaml, envLines } from "./files";

const ME = { authUrl: "https://images.example/v3", user: "o'bob", account: 'Y: "Inc"' };
const B = { region: "r1", project: { id: "4f0c2a7be1d94c0f9a6d1f0c55d0e291", name: "Project B" } };
const D = { region: "r2", project: { id: "0b6611f2a0c34a5a8c1f7d90a4b4553f", name: "Project B" } };
const E = { region: "r2", project: { id: "77aa0000a0c34a5a8c1f7d90a4b4553f", name: "项目" } };

describe("cloudNames", () => {
  it("adds the region, then the id, only where it must tell projects apart", () => {
    expect(cloudNames([B, E])).toEqual(["project-b", E.project.id]);
    expect(cloudNames([B, D])).toEqual(["project-b-r1", "project-b-r2"]);
    expect(cloudNames([D, { ...D, project: { ...D.project, id: "1234567890" } }])).toEqual([
      "project-b-r2-0b6611f2",
      "project-b-r2-12345678",
    ]);
  });
});

describe("cloudsYaml", () => {
  it("quotes what people may have typed, and keeps no password", () => {
    const text = cloudsYaml(ME, [B]);
    expect(text).toContain('user_domain_name: "Y: \\"Inc\\""');
    expect(text).toContain(`project_id: "${B.project.id}"`);
    expect(text).toContain('region_name: "r1"');
    expect(text).not.toMatch(/^\s*password:/m);
  });
});

describe("envLines", () => {
  it("survives quotes", () => expect(envLines(ME, B)).toContain("export OS_USERNAME='o'\\''bob'\n"));
});
