// What the page of accounts asks the service for, and how it says it. No state.

import { get } from "../record/api";
import { type Answer, sendBody } from "../state/acts";

export interface AccountRow {
  name: string;
  roles: string[];
  rights: string[];
  position: boolean;
  has_pin: boolean;
  locked_until_s: number | null;
  sessions: number;
  shift_by: string;
  shift_until_s: number | null;
  disabled: boolean;
}

export interface AccountPage {
  accounts: AccountRow[];
  roles: string[];
  /** Which roles have each right. */
  rights: Record<string, string[]>;
  position_roles: string[];
}

export interface SessionRow {
  id: string;
  began_s: number | null;
  until_s: number | null;
  is_mine: boolean;
}

export interface SessionPage {
  name: string;
  sessions: SessionRow[];
  links: number;
}

export interface TokenRow {
  kind: string;
  id: string;
  secret: string;
  from_environment: boolean;
}

export interface Link extends Answer {
  user: string;
  path: string;
}

export interface NewToken extends Answer {
  token: string;
}

export const getAccounts = () => get<AccountPage>("/api/v1/users");
export const getTokens = () => get<{ tokens: TokenRow[] }>("/api/v1/tokens");
export const getSessions = (name: string) =>
  get<SessionPage>(`/api/v1/users/sessions?name=${encodeURIComponent(name)}`);

/** `was`: the roles as this page saw them, none of a new account; where they are others by now
 * the service refuses, so that no role that was taken away is given back. */
export const setAccount = (name: string, roles: string[], position: boolean, was: string[]) =>
  sendBody<Link>("/api/v1/users", JSON.stringify({ name, roles, position, was }));
export const post = <T extends Answer>(path: string, body: object) =>
  sendBody<T>(`/api/v1/${path}`, JSON.stringify(body));

/** What the given roles allow besides looking, in the order of the service's table. */
export function allowed(page: AccountPage, roles: readonly string[]): string[] {
  return Object.entries(page.rights)
    .filter(([right, who]) => right !== "look" && who.some((role) => roles.includes(role)))
    .map(([right]) => right);
}

/** How an account stands, in a few words; the first that somebody has to do something about. */
export function standing(row: AccountRow, nowS: number): string {
  if (row.disabled) return "shut";
  if (row.locked_until_s !== null && row.locked_until_s > nowS) return "PIN locked out";
  if (row.position) return row.shift_by ? `shift of ${row.shift_by}` : "no shift";
  return row.has_pin ? "has a PIN" : "no PIN yet";
}

/** People, then positions, the shut ones last; by name. */
export function ordered(rows: readonly AccountRow[]): AccountRow[] {
  const rank = (row: AccountRow) => Number(row.disabled) * 4 + Number(row.position) * 2;
  return [...rows].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
