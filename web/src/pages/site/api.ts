// What the page of the site file asks the service for.

import { get } from "../../record/api";

export { get };

/** Post a JSON body; the service's sentence is thrown where it refuses. */
export async function post<T>(path: string, body: unknown): Promise<T> {
  const reply = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const told = (await reply.json().catch(() => ({}))) as T & { error?: string };
  if (!reply.ok) throw new Error(told.error ?? `The service answered ${reply.status}.`);
  return told;
}
