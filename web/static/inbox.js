"use strict";

// What JavaScript adds to the inbox: word of what is new, and keys to move by. Neither decides anything, nothing on the
// page moves by itself, and both can be switched off. The page is complete without.
const live = document.getElementById("live");
const title = document.title;

hear(live, tell, () => tell(shown()));
const keys = remembered(document.getElementById("keys-on"), () => {});

function shown() {
  return [...document.querySelectorAll("[data-merge]")].map((row) => row.dataset.merge);
}

function tell(waiting) {
  const here = shown();
  const fresh = waiting.filter((id) => !here.includes(id)).length;
  const gone = here.filter((id) => !waiting.includes(id)).length;
  const words = [fresh && `${fresh} new`, gone && `${gone} no longer here`].filter(Boolean).join(", ");
  document.title = fresh ? `(${fresh}) ${title}` : title;
  say(live, words && `${words}. `, words && "Show", live.dataset.here);
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (!keys.checked || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.getElementById("sought").focus();
  }
  if (event.key === "j") move(1);
  if (event.key === "k") move(-1);
});

function move(by) {
  const links = [...document.querySelectorAll(".what a")];
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}
