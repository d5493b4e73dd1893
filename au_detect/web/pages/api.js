// What the server is asked.

import { part } from "./dom.js";

export class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

async function login() {
  const dialog = part("login");
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  const token = part("token").value;
  part("token").value = "";
  await fetch("/v1/session", { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }) });
}

export async function ask(path, options = {}, read = (answer) => answer.json()) {
  for (;;) {
    const answer = await fetch(path, options);
    if (answer.status === 401) {
      await login();
      continue;
    }
    if (answer.ok) return answer.status === 204 ? null : read(answer);
    let reason = answer.statusText;
    try { reason = (await answer.json()).detail; } catch { /* no reason was given */ }
    throw new Refused(answer.status, reason);
  }
}

export function post(path, value) {
  return ask(path, { method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify(value) });
}

// Submit a form as a job and wait for its end; `tell` hears how far it is.
export async function analyse(form, tell, begun) {
  const job = await ask("/v1/jobs", { method: "POST", body: form });
  begun(job.id);
  const last = await new Promise((resolve, reject) => {
    const events = new EventSource(`/v1/jobs/${job.id}`);
    const end = (event) => { events.close(); resolve(JSON.parse(event.data)); };
    events.addEventListener("progress", (event) => tell(JSON.parse(event.data)));
    for (const state of ["done", "failed", "cancelled"]) events.addEventListener(state, end);
    events.onerror = () => {
      if (events.readyState !== EventSource.CLOSED) return;  // it connects again by itself
      reject(new Refused(0, "the server does not answer any more"));
    };
  });
  if (last.state !== "done") throw new Refused(last.status ?? 499, last.reason ?? "cancelled");
  return ask(`/v1/results/${job.id}`);
}
