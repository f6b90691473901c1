/** Exit codes of a plugin. */
export const pluginExit = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;
export type Severity = keyof typeof pluginExit;
