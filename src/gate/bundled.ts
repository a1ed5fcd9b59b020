/** Policies that come with the doctor; JSON with comments, so that they can be printed and copied. */

/** A healthy run rests up to 4.5 s (F-33), so two samples of 3 s; recorded hangs give five and more. */
const MOST_UNCHANGED = 3;

export const BUNDLED: Readonly<Record<string, string>> = {
  investigation: `{
  // The three assertions of the investigation, each in the form that a healthy run passes.
  "limits": [
    // 1. No session whose peer is the local party. Corrected: a session that really came back to its opener. The literal form,
    //    telemetry that names the owner of the path as peer, is met by every healthy run from E5 on, so it only informs.
    { "metric": "self-sessions", "max": 0, "unit": "count" },
    { "metric": "self-peers", "max": 0, "unit": "count", "severity": "info" },
    // 2. No reject.
    { "metric": "rejects", "max": 0, "unit": "count" },
    // 3. Counters never unchanged for N samples while the run is unfinished. Corrected: up to the end of the evidence, since quiet
    //    after which the run moved again was a program that computed.
    { "metric": "unchanged-at-end", "max": ${MOST_UNCHANGED}, "unit": "count" },
    { "metric": "unchanged-samples", "max": ${MOST_UNCHANGED}, "unit": "count", "severity": "info" }
  ]
}
`,
  'investigation-literal': `{
  // The same three assertions as they were written down. Every healthy run from E5 on breaks the first.
  "extends": "investigation",
  "limits": [
    { "metric": "self-peers", "max": 0, "unit": "count" },
    { "metric": "unchanged-samples", "max": ${MOST_UNCHANGED}, "unit": "count" }
  ]
}
`,
  smoke: `{
  // What the smoke test of hotlink asserts: no fallback, and peer to peer connected at every party.
  "limits": [
    { "metric": "fallbacks", "max": 0, "unit": "count" },
    { "metric": "p2p-sessions", "min": 1, "unit": "count" }
  ]
}
`,
};
