/** The rows of docs/live-protocol.md, as the page holds them. Times are ISO 8601 in UTC. */
export interface Person { id: string; name: string }
export interface Customer {
  id: string; name: string; username: string; language: string; blocked: boolean;
}
export interface PastSession {
  id: string; number: number; opened_at: string; completed_at: string | null; owner: Person | null;
}
export interface CustomerDetail extends Customer { first_seen_at: string; sessions: PastSession[] }
export type State = "unassigned" | "assigned" | "completed";
export interface Session {
  id: string; project: string; number: number; state: State; owner: Person | null;
  customer: Customer; opened_at: string; queued_at: string; waiting_since: string | null;
  assigned_at: string | null; completed_at: string | null; flagged: boolean; incoming: number;
  unanswered_since: string | null; link: { name: string; campaign: string } | null;
  last: { number: number; at: string; text: string; direction: string } | null;
}
export interface Entity { type: string; offset: number; length: number; url?: string }
export interface Message {
  id: string; session: string; number: number; direction: "in" | "out" | "system"; kind: string;
  text: string; data: Record<string, any>; at: string; received_at: string;
  edited_at: string | null; versions: { text: string; at: string }[]; author: Person | null;
  place: number | null; reply_to: number | null; key: string | null;
  delivery: "" | "queued" | "sending" | "sent" | "failed" | "uncertain";
  error: { code: string; text: string } | null; change: Change | null;
}
/** What somebody did to a message that was sent, and how far Telegram has followed. */
export interface Change {
  verb: "resent" | "confirmed" | "edited" | "recalled"; by: string; at: string;
  delivery: Message["delivery"]; error: { code: string; text: string } | null; text: string;
}
export interface Failure { code: string; evidence: Record<string, any> }
export interface Presence {
  agent: string; name: string; status: "online" | "away";
  state: "offline" | "away" | "hidden" | "online"; since: string | null; open: number;
  limit: number | null; codes: Failure[];
}
/** A test ping to one's pages, and what they have answered. */
export interface Ping {
  id: string; by: string | null; at: string; pages: number;
  receipts: {
    page: string; ms: number; visible: boolean; notify: NotificationPermission; shown: boolean;
  }[];
}
export interface TeamMember {
  id: string; name: string; position: number; enabled: boolean; in_scope: boolean;
  limit: number | null;
}
export interface Project {
  id: string; name: string; state: string; code: string; mode: string; scope: string; language: string;
  time_zone: string; bot: { username: string; name: string; state: string } | null;
  agents: TeamMember[];
}
export interface Rights { reply: boolean; transfer: boolean; complete: boolean; see_others: boolean }
export interface Counts { mine: number; unassigned: number; assigned: number; completed: number }
export interface Snapshot {
  head: number; project: Project; presence: Presence[]; counts: Counts;
  me: { agent: string | null; managing: boolean; rights: Rights };
  mine: Session[]; unassigned: Session[]; completed: Session[]; reads: Record<string, number>;
}
export interface Why {
  outcome: "assigned" | "waiting"; trigger: string; mode: string; scope: string;
  project_code: string; at: string; last_at: string; count: number; turn: number;
  agent: Person | null; verdicts: { agent: string; name: string; codes: Failure[] }[];
}
/** `at`: null if it was somebody else who opened the link. The rest: to managers alone. */
export interface Visit {
  at: string | null; params: [string, string][]; ip?: string | null; country?: string;
  browser?: string; referrer?: string;
}
export interface Detail {
  head: number; session: Session; customer: CustomerDetail; messages: Message[]; more: boolean;
  why: Why | null; visit: Visit | null;
}
export interface Envelope { n: number; kind: string; at: string; data: any }
export interface Boot {
  build: string; status: "online" | "away"; beat_s: number;
  me: { id: string; name: string; email: string; stream: string; head: number };
  projects: {
    id: string; name: string; state: string; managing: boolean; agent: string | null;
    bot: { username: string; state: string } | null;
  }[];
}
export type Tab = "mine" | "unassigned" | "all" | "completed";
/** A place in a list: what it is ordered by, and the session's number. */
export type Mark = [string, number];
/** The next rows of a list, as they are at `head`. */
export interface Page { head: number; sessions: Session[] }
export interface Chat {
  head: number; messages: Map<string, Message>; more: boolean; customer: CustomerDetail;
  why: Why | null; visit: Visit | null;
  /** The lowest number that is loaded: from there on nothing is missing. */
  first: number;
  /** Grows with every change of `messages`. */
  version: number;
}
export interface ProjectState {
  head: number; project: Project; me: Snapshot["me"]; presence: Map<string, Presence>;
  counts: Counts; sessions: Map<string, Session>; reads: Map<string, number>;
  /** The number at which each session, or that it is out of sight, is known. */
  known: Map<string, number>;
  /** The events on messages, all of those after `since`. */
  recent: { row: Message; n: number }[];
  since: number;
  chats: Map<string, Chat>;
  /** The last row that is loaded of each list; null: the list is loaded whole. */
  ends: Record<"unassigned" | "all" | "completed", Mark | null>;
}
