/** Exit codes of the command. When several apply, usage wins over findings over internal over inconclusive. */
export const EXIT = { ok: 0, findings: 1, usage: 2, inconclusive: 3, internal: 4, interrupted: 130 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
