/** What a Diagnosis says it is. By itself, so that one can be made without the library that checks it. */
export const DIAGNOSIS_SCHEMA = 'hotlink-doctor/diagnosis@1';

/** And a line of `watch --format ndjson`. */
export const WATCH_SCHEMA = 'hotlink-doctor/watch@1';
