// The rooms of the page, by the part of the address after #.

import { ask } from "./api.js";
import { part, say } from "./dom.js";
import { showListed } from "./listed.js";
import { keepFiles, Result } from "./result.js";
import { listenForInputs } from "./start.js";

const result = new Result(show);
window.auDetect = result;  // for those who look at it with the browser's tools, and for tests
let shown = null;

async function show(answer, files) {
  if (files?.length) keepFiles(answer.id, files);
  shown = answer.id;
  part("leave_out").value = "";
  history.pushState(null, "", `#result/${answer.id}`);
  enter("result");
  const ready = result.show(answer);
  part("result-name").focus({ preventScroll: true });
  part("result").scrollIntoView({ block: "start" });
  await ready;
}

function enter(room) {
  for (const id of ["analyse", "result", "results"]) part(id).hidden = id !== room;
  for (const link of document.querySelectorAll("#rooms a")) {
    const here = link.hash === `#${room}` || (room === "result" && link.hash === "#results");
    if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
}

async function route() {
  const [room, id] = location.hash.slice(1).split("/");
  say("");
  try {
    if (room === "result" && id) {
      enter("result");
      if (id !== shown) {
        const answer = await ask(`/v1/results/${encodeURIComponent(id)}`);
        shown = id;
        await result.show(answer);
      }
    } else if (room === "results") {
      enter("results");
      await showListed();
    } else enter("analyse");
  } catch (error) {
    enter("analyse");
    say(error.message, true);
  }
}

addEventListener("hashchange", route);
listenForInputs(show);
route();
ask("/v1/info").then(({ urls, keep }) => {
  part("fetch").hidden = !urls;
  if (keep) document.body.dataset.keep = "yes";
}).catch((error) => say(error.message, true));
