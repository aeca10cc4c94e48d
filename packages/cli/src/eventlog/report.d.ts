/** The export of the verifier that this needs. */
export interface Explainer {
    explainEventLog: (log: Uint8Array) => string;
}
export interface Finding {
    code: string;
    event?: number;
    pcr?: number;
}
interface ExplainedEvent {
    index: number;
    pcr: number;
    /** A number where the Firmware Profile has no name for it. */
    type: string | number;
    subject: string;
    description: string;
    /** The digest is the hash of what is described. */
    verified: boolean;
    digest?: string;
}
/** What a log says, whether or not it is true: nothing is quoted here. */
export interface EventLogReport {
    name: string;
    /** `ok`, or the code of what is wrong with the syntax. */
    parse: string;
    /** Position of the event at fault. */
    event?: number;
    /** Values that follow from the log, by bank and index. */
    replayedPcrs?: Record<string, Record<string, string>>;
    /** The bank that findings and events are seen through: the one that policies use most. */
    bank?: string;
    secureBoot?: boolean;
    findings: Finding[];
    events: (ExplainedEvent & {
        digests: Record<string, string>;
    })[];
}
export declare function readEventLog(verifier: Explainer, name: string, log: Uint8Array): EventLogReport;
export {};
