/** The control side of the simulator, as functions. Every failure is an Error with its sentence. */

async function ask(method, path, body) {
  const options = { method, headers: {} };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(`/control${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The simulator answered ${response.status}`);
  return answer;
}

const act = (person, verb) => (body) => ask("POST", `/people/${person}/${verb}`, body);

export const api = {
  bots: () => ask("GET", "/bots").then((answer) => answer.bots),
  addBot: (fields) => ask("POST", "/bots", fields),
  people: () => ask("GET", "/people").then((answer) => answer.people),
  addPerson: (fields) => ask("POST", "/people", fields),
  transcript: (person, bot) => ask("GET", `/people/${person}/transcript?bot=${bot}`),
  start: (person, body) => act(person, "start")(body),
  send: (person, body) => act(person, "send")(body),
  edit: (person, body) => act(person, "edit")(body),
  press: (person, body) => act(person, "press")(body),
  setBlocked: (person, bot, isBlocked) => act(person, isBlocked ? "block" : "unblock")({ bot }),
  faults: () => ask("GET", "/faults").then((answer) => answer.faults),
  addFault: (fields) => ask("POST", "/faults", fields),
  removeFault: (id) => ask("DELETE", `/faults/${id}`),
  removeFaults: () => ask("DELETE", "/faults"),
};

/** @param {string} id a file's `file_unique_id` */
export const fileAddress = (id) => `/control/files/${encodeURIComponent(id)}`;

/**
 * Live events; `onState(true)` whenever the stream (again) stands, so that gaps can be filled.
 * @param {(event: any) => void} onEvent @param {(isLive: boolean) => void} onState
 */
export function listen(onEvent, onState) {
  const source = new EventSource("/control/events");
  source.onopen = () => onState(true);
  source.onerror = () => onState(false);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
}
