import type { components } from "./generated";

/** The schemas of the native API, generated from docs/openapi.json. */
type Schemas = components["schemas"];
export type Schema<Name extends keyof Schemas> = Schemas[Name];

export type Image = Schemas["ImageView"];
export type Share = Schemas["ShareView"];
export type Job = Schemas["JobView"];
export type Notice = Schemas["NoticeView"];
export type Vault = Schemas["VaultView"];
export type TenantRef = Schemas["TenantRef"];
export type ShareReport = Schemas["ShareReport"];
export type Pair = Schemas["PairView"];
export type Action = Schemas["Action"];
export type Undo = Schemas["UndoView"];
