import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type Tenant = Schemas["Tenant"];
export type User = Schemas["User"];
export type Role = Schemas["Role"];
export type Me = Schemas["MeResponse"];
export type Document = Schemas["Document"];
export type DocumentStatus = Document["status"];
export type Collection = Schemas["Collection"];
export type Analysis = Schemas["Analysis"];
export type ProblemBody = Schemas["Problem"];
