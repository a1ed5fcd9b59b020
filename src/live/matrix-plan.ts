/** Which runs a matrix is made of: each fault in each version that shows it, with its cure, in other layouts and transports, and clean. Pure. */
import { OWN_FAULTS, TRUTHS, type Wanted } from './matrix-truth.ts';

/** What the plan must know of a scenario of the lab. */
export interface MatrixScenario {
  readonly name: string;
  readonly eras: readonly string[];
  readonly settings: string;
  readonly expects: { readonly cause: string; readonly where: string; readonly completes: boolean };
  readonly cure: string | null;
}

/**
 * diagonal: one known fault, in a version that shows it · cure: the same with what cures it · sweep: in another version, of which nothing is
 * claimed: it shows what the version does, and grades no rule · clean: nothing is broken.
 */
export type CellKind = 'diagonal' | 'cure' | 'sweep' | 'clean';

export interface Cell {
  /** Same cell, same text, whatever else is planned. */
  readonly id: string;
  readonly kind: CellKind;
  /** Name of the fault; `none` of a clean cell. */
  readonly fault: string;
  readonly behaviour: string;
  readonly parties: number;
  readonly transport: Transport;
  /** All of it in the notation of `live verify`, with the behaviour. */
  readonly settings: string;
  readonly completes: boolean;
  readonly finds: readonly Wanted[];
}

export const TRANSPORTS = ['websocket', 'webrtc'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface PlanOptions {
  /** Empty: all. */
  readonly faults: readonly string[];
  /** Empty: those that a fault claims, and `SWEPT`. */
  readonly behaviours: readonly string[];
  readonly layouts: readonly number[];
  readonly transports: readonly Transport[];
  readonly runs: number;
  readonly small: boolean;
}

/** Versions in which every defect of hotlink itself is tried. */
const SWEPT = ['E3', 'E4', 'E5a', 'E5b', 'E6'] as const;
/** Clients that lose nothing by themselves, and whether they build peer connections here. */
const SOUND: readonly { readonly behaviour: string; readonly direct: boolean }[] = [
  { behaviour: 'E1b', direct: false },
  { behaviour: 'E3+C+D+E', direct: false },
  { behaviour: 'E5b', direct: true },
  { behaviour: 'E6', direct: true },
];
const DIRECT = 'transport=webrtc order=connection';
/** Cells of the small form: cheap, and one of each kind. */
const SMALL: readonly string[] = ['marker-missing', 'hotlink-off', 'two-party-stall'];
export const NO_FAULT = 'none';

interface Fault {
  readonly name: string;
  readonly eras: readonly string[];
  readonly settings: string;
  readonly completes: boolean;
  readonly cure: string | null;
  readonly finds: readonly Wanted[];
}

export function matrixFaults(scenarios: readonly MatrixScenario[]): readonly Fault[] {
  const known = scenarios.map(({ name, eras, settings, expects, cure }) => {
    const finds = TRUTHS[name]?.finds ?? [{ rule: expects.cause, where: expects.where }];
    return { name, eras, settings, completes: expects.completes, cure, finds };
  });
  return [...known, ...OWN_FAULTS];
}

function partiesOf(settings: string): number {
  const value = [...settings.matchAll(/\bparties=(\S+)/g)].at(-1)?.[1];
  if (value === undefined) return 3;
  return /^\d+$/.test(value) ? Number(value) : value.split('+').length;
}

function transportOf(settings: string): Transport {
  return [...settings.matchAll(/\btransport=(\S+)/g)].at(-1)?.[1] === 'webrtc' ? 'webrtc' : 'websocket';
}

/** The parties of the default names, so that faults at client1 and client2 hold in each. */
function layoutSetting(parties: number): string {
  return parties === 2 ? 'parties=client1+client2' : `parties=${parties}`;
}

function cell(kind: CellKind, fault: Fault | null, behaviour: string, more: string, run: number): Cell {
  const seed = run === 1 ? '' : `seed=${run}`;
  const settings = [`era=${behaviour}`, fault?.settings ?? '', more, seed].filter((part) => part !== '').join(' ');
  return {
    id: `${kind} ${fault?.name ?? NO_FAULT} ${settings}`,
    kind,
    fault: fault?.name ?? NO_FAULT,
    behaviour,
    parties: partiesOf(settings),
    transport: transportOf(settings),
    settings,
    completes: kind === 'clean' || kind === 'cure' || (fault?.completes ?? true),
    finds: kind === 'diagonal' ? (fault?.finds ?? []) : [],
  };
}

function isOwnDefect({ cure, settings, eras }: Fault): boolean {
  return cure !== null && (/\bera=|\bswitch=/.test(cure) || !/fault=/.test(settings)) && !eras.includes('E1b') && !/webrtc/.test(settings);
}

function ofFault(fault: Fault, options: PlanOptions, run: number): readonly Cell[] {
  const { layouts, transports, behaviours } = options;
  const [era = ''] = fault.eras;
  const wished = (one: string): boolean => behaviours.length === 0 || behaviours.includes(one);
  const own = { parties: partiesOf(`era=${era} ${fault.settings}`), transport: transportOf(fault.settings) };
  const truth = TRUTHS[fault.name];
  const cells: Cell[] = [];
  if (layouts.includes(own.parties) && transports.includes(own.transport)) {
    cells.push(...fault.eras.filter(wished).map((one) => cell('diagonal', fault, one, '', run)));
    if (fault.cure !== null && wished(era)) cells.push(cell('cure', fault, era, fault.cure, run));
    const swept = behaviours.length > 0 ? behaviours : isOwnDefect(fault) ? SWEPT : [];
    cells.push(...swept.filter((one) => !fault.eras.includes(one)).map((one) => cell('sweep', fault, one, '', run)));
  }
  const others = (truth?.layouts ?? []).filter((parties) => layouts.includes(parties) && transports.includes(own.transport));
  if (wished(era)) cells.push(...others.map((parties) => cell('diagonal', fault, era, layoutSetting(parties), run)));
  if (truth?.direct === true && transports.includes('webrtc') && layouts.includes(3)) {
    const direct = fault.eras.at(-1) ?? era;
    if (wished(direct)) cells.push(cell('diagonal', fault, direct, DIRECT, run));
  }
  return cells;
}

function clean({ layouts, transports, behaviours }: PlanOptions, run: number): readonly Cell[] {
  return SOUND.filter(({ behaviour }) => behaviours.length === 0 || behaviours.includes(behaviour)).flatMap(({ behaviour, direct }) =>
    transports
      .filter((transport) => transport === 'websocket' || direct)
      .flatMap((transport) =>
        layouts.map((parties) =>
          cell('clean', null, behaviour, [layoutSetting(parties), transport === 'webrtc' ? DIRECT : ''].join(' ').trim(), run),
        ),
      ),
  );
}

/** Diagonal cells first: they grade. The same cell is there once. */
export function planMatrix(scenarios: readonly MatrixScenario[], options: PlanOptions): readonly Cell[] {
  const known = matrixFaults(scenarios);
  const wanted = options.small ? SMALL : options.faults;
  const faults = wanted.length === 0 ? known : known.filter(({ name }) => wanted.includes(name));
  const withClean = wanted.length === 0 || options.small || wanted.includes(NO_FAULT);
  const cells = Array.from({ length: options.runs }, (_, index) => index + 1).flatMap((run) => [
    ...faults.flatMap((fault) => (options.small ? smallCells(fault, run) : ofFault(fault, options, run))),
    ...(withClean ? (options.small ? [cell('clean', null, 'E5b', 'parties=3', run)] : clean(options, run)) : []),
  ]);
  const order: readonly CellKind[] = ['diagonal', 'clean', 'cure', 'sweep'];
  // A cure may be another transport.
  const wished = cells.filter(({ transport, parties }) => options.transports.includes(transport) && options.layouts.includes(parties));
  const once = [...new Map(wished.map((one) => [one.id, one])).values()];
  return order.flatMap((kind) => once.filter((one) => one.kind === kind));
}

function smallCells(fault: Fault, run: number): readonly Cell[] {
  const [era = ''] = fault.eras;
  const diagonal = cell('diagonal', fault, era, '', run);
  return fault.name === 'two-party-stall' && fault.cure !== null ? [diagonal, cell('cure', fault, era, fault.cure, run)] : [diagonal];
}
