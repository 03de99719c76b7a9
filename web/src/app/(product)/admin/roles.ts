export const ROLES = [
  "owner",
  "admin",
  "trader",
  "analyst",
  "developer",
  "auditor",
  "viewer",
] as const;
