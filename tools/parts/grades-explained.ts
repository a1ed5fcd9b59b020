/** Why a rule was missed, or spoke, in cells of the matrix: each is a limit that stands, and not a wish. `cells` begins their ids. */
interface Explained {
  readonly cells: string;
  readonly rule: string;
  readonly because: string;
}

export const EXPLAINED: readonly Explained[] = [
  {
    cells: 'diagonal silent-program era=E6 fault=hang-app:client2 patience=14 transport=webrtc',
    rule: 'silent-application',
    because:
      'frames over a data channel leave no line, so no round can be read, and nothing else says that a step is unfinished: the verdict is inconclusive (docs/rules/silent-application.md)',
  },
  {
    cells: 'diagonal acl-denied era=E3 ',
    rule: 'rejected-session',
    because:
      "the defect of the version itself stops the run first: the aggregator's bytes are dropped (F-3) before the client sends what is denied",
  },
  {
    cells: 'diagonal offer-race era=E5b ',
    rule: 'offer-race',
    because:
      'a direction went over the WebSocket, and the rule did not name an offer that was overtaken; which messages overtake each other varies with the machine. Not looked into further',
  },
  {
    cells: 'diagonal crossed-channels era=E5a ',
    rule: 'stalled-reader',
    because:
      'the defect of the version itself stops the run: frames from a larger to a smaller email meet no writer (F-10), which is what is named',
  },
];
