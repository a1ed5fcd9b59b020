/** Failure mechanisms of hotlink that the lab shows, in the order in which docs/upstream.md has them: those that lose most first. */
import { MECHANISMS_CLIENT } from './mechanisms-client.ts';
import { MECHANISMS_RELAY } from './mechanisms-relay.ts';
import { MECHANISMS_WITHOUT_CURE } from './mechanisms-without-cure.ts';
import type { Mechanism } from './mechanism.ts';

export const MECHANISMS: readonly Mechanism[] = [...MECHANISMS_CLIENT, ...MECHANISMS_RELAY, ...MECHANISMS_WITHOUT_CURE];
