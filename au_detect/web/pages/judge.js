// Feedback: is a decision right, and if not, what is it?

import { post } from "./api.js";
import { make, part, say } from "./dom.js";

const DEGREES = [["", "–"], ["absent", "absent"], ["present", "present"], ["A", "A trace"], ["B", "B slight"],
  ["C", "C marked"], ["D", "D severe"], ["E", "E maximum"]];

let said = null;

export function judgeAU(id, face, frame, au, cell, aus) {
  const others = aus.filter((a) => a.au !== au.au).map((a) => [a.au, `not this but ${a.au} ${a.name}`]);
  const found = cell && cell.probability !== null ? `${cell.probability.toFixed(2)}, ${cell.on ? "on" : "off"}` : "not visible";
  open({ id, face, frame, target: au.au }, `${au.au} ${au.name}`, found, [...DEGREES, ...others]);
}

export function judgeEmotion(id, face, frame, emotion, emotions) {
  open({ id, face, frame, target: emotion }, emotion, "the emotion", [["", "–"],
    ...emotions.filter((name) => name !== emotion).map((name) => [name, name])]);
}

function open(about, name, found, choices) {
  said = about;
  part("judge-head").textContent = name;
  part("judge-told").textContent = `Frame ${about.frame}, face ${about.face}: ${found}. Is that right?`;
  part("correction").replaceChildren(...choices.map(([value, textContent]) => make("option", { value, textContent })));
  part("judge").showModal();
}

async function send(right) {
  const subject = part("subject");
  if (!subject.reportValidity()) return;
  const more = { right, correction: part("correction").value || null, subject: subject.value || null };
  try {
    await post("/v1/feedback", { ...said, ...more });
    say(`Noted: ${said.target} in frame ${said.frame} is ${right ? "right" : "wrong"}.`);
  } catch (error) {
    say(error.message, true);
  }
  part("judge").close();
}

part("right").addEventListener("click", () => send(true));
part("wrong").addEventListener("click", () => send(false));
