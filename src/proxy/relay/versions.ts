/** How a user names a relay: a version, and what the investigators' patches put on it (field guide 9.2): `S1`, `S1+G`, `S1+frm+G`. Pure. */
import { DoctorError } from '../../model/errors.ts';
import { choices } from '../../util/suggest.ts';
import { RELAYS, type RelayBehaviour } from './sessions.ts';

export const RELAY_PATCHES: Readonly<Record<string, { readonly says: string; readonly change: Partial<RelayBehaviour> }>> = {
  F: { says: 'passes on whom an open names, and obeys it', change: { namesParties: true } },
  G: { says: 'takes the accept of one user', change: { singleAccept: true } },
  frm: { says: 'says who opened', change: { namesParties: true } },
};

/** `refuse` makes the error for what was expected. */
export function parseRelay(
  text: string,
  refuse: (expected: string) => DoctorError = (expected) =>
    new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--relay-version', value: text, expected }),
): RelayBehaviour {
  const [version = '', ...patches] = text.split('+');
  const known = Object.entries(RELAYS).find(([name]) => name === version)?.[1];
  if (known === undefined) throw refuse(choices(version, Object.keys(RELAYS)));
  let behaviour = known;
  for (const name of patches) {
    const patch = Object.entries(RELAY_PATCHES).find(([one]) => one === name)?.[1];
    if (patch === undefined) throw refuse(`${version}+PATCH, a patch of ${choices(name, Object.keys(RELAY_PATCHES))}`);
    behaviour = { ...behaviour, ...patch.change };
  }
  return { ...behaviour, name: text };
}
