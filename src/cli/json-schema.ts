import * as z from 'zod';

/** `input`: what may be written; `output`: what is read out, with defaults filled in. */
export function toJSONSchema(schema: z.ZodType, io: 'input' | 'output'): unknown {
  return z.toJSONSchema(schema, { io });
}
