"use strict";

// The page of a merge that has not ended. While it is under way the page follows it; while it waits for a person nothing
// moves, and the page offers to show what has changed. The page is complete without.
const live = document.getElementById("live");
let followed = Promise.resolve();
const end = hear(live, (version) => {
  if (version === live.dataset.version) return say(live, "");
  if (!("follows" in live.dataset)) return say(live, "This merge has changed since you loaded it. ", "Show", live.dataset.here);
  followed = followed.then(() => follow(version)).catch(() => {}); // one at a time; the next word comes in seconds
});

async function follow(version) {
  if (version === live.dataset.version) return;
  const answer = await fetch(live.dataset.here);
  if (!answer.ok || answer.redirected) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  const parts = document.querySelectorAll("[data-part]");
  if (!parts.length) return location.reload(); // it had no plan yet: another page
  for (const part of parts) renew(part, now.querySelector(`[data-part="${part.dataset.part}"]`));
  const next = now.getElementById("live");
  document.title = now.title;
  say(live, document.querySelector("h1").textContent);
  live.dataset.version = next?.dataset.version ?? "";
  if (!next || !("follows" in next.dataset)) delete live.dataset.follows;
  if (next) return;
  live.classList.add("over"); // nothing comes any more
  end();
}

// What reads as before stays, with the focus, the open details and the half sentence that are in it. What reads
// otherwise keeps its open details and a link's focus.
function renew(part, now) {
  if (!now) return part.remove();
  if (read(part) === read(now)) return;
  const details = now.querySelectorAll("details");
  part.querySelectorAll("details").forEach((one, at) => details[at]?.toggleAttribute("open", one.open));
  const link = part.contains(document.activeElement) && document.activeElement.closest("a[href]");
  const at = link ? same(part, link).indexOf(link) : -1;
  part.replaceWith(now);
  if (link) same(now, link)[at]?.focus();
}

function same(part, link) {
  return [...part.querySelectorAll("a[href]")].filter((one) => one.getAttribute("href") === link.getAttribute("href"));
}

// A minute that has passed is no other text.
function read(part) {
  const copy = part.cloneNode(true);
  copy.querySelectorAll(".ago").forEach((told) => told.remove());
  return copy.textContent;
}
