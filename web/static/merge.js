"use strict";

// The page of a merge that has not ended. While it is under way the page follows it; while it waits for a person nothing
// moves, and the page offers to show what has changed. The page is complete without.
const live = document.getElementById("live");
const said = live.querySelector("[role=status]");
const end = hear(live, (version) => {
  if (version === live.dataset.version) return said.replaceChildren();
  if ("follows" in live.dataset) return follow();
  const link = document.createElement("a");
  link.href = location.pathname;
  link.textContent = "Show";
  said.replaceChildren("This merge has changed since you loaded it. ", link);
});

async function follow() {
  const answer = await fetch(location.pathname);
  if (!answer.ok || answer.redirected) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  const field = () => document.getElementById("text");
  const written = field()?.value;
  const isWriting = document.activeElement === field();
  for (const old of [...live.parentElement.children]) if (old !== live) old.remove();
  const next = now.getElementById("live");
  live.after(...[...now.getElementById("content").children].filter((one) => one !== next));
  document.title = now.title;
  if (written && field()) field().value = written;
  if (isWriting) field()?.focus();
  said.textContent = document.querySelector("h1").textContent;
  live.dataset.version = next?.dataset.version ?? "";
  if (!next || !("follows" in next.dataset)) delete live.dataset.follows;
  if (next) return;
  live.classList.add("over"); // nothing comes any more
  end();
}
