// What the page of the site file asks the service for.

import { get } from "../../record/api";
import { type Answer, sendBody } from "../../state/acts";

export { get };

/** Post a JSON body; the sentence is thrown where the service refuses, or does not answer. */
export async function post<T extends object>(path: string, body: unknown): Promise<T & Answer> {
  const told = await sendBody<T & Answer>(path, JSON.stringify(body));
  if (!told.accepted) throw new Error(told.sentence);
  return told as T & Answer;
}
