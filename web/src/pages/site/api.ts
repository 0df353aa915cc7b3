// What the page of the site file asks the service for.

import { get } from "../../record/api";
import { type Answer, sendBody, sendOnce } from "../../state/acts";

export { get, sendOnce };

/** Post a JSON body; the sentence is thrown where the service refuses, or does not answer. */
export async function post<T extends object>(
  path: string,
  body: unknown,
  send: typeof sendBody = sendBody,
): Promise<T & Answer> {
  const told = await send<T & Answer>(path, JSON.stringify(body));
  if (!told.accepted) throw new Error(told.sentence);
  return told as T & Answer;
}
