"use strict";

// What pages share that hear of changes: a stream of events, what it says, and switches that are remembered.

const AGAIN = 10_000; // ms until a stream that was refused is asked for anew

function remembered(box, act) {
  box.checked = stored((kept) => kept.getItem(box.id)) !== "off";
  box.addEventListener("change", () => {
    stored((kept) => kept.setItem(box.id, box.checked ? "on" : "off"));
    act(box.checked);
  });
  act(box.checked);
  return box;
}

// A browser may refuse to keep anything: then a switch holds for its page.
function stored(ask) {
  try {
    return ask(localStorage);
  } catch {
    return null;
  }
}

// Says it to whoever looks, or listens. What is said already is left alone: said anew, it would be read out again.
function say(place, words, offer = "", href = location.href) {
  const status = place.querySelector("[role=status]");
  if (status.textContent === words + offer) return;
  status.replaceChildren(words);
  if (!offer) return;
  const link = document.createElement("a");
  link.href = href;
  link.textContent = offer;
  status.append(link);
}

// Shows the page's switch and, while it is on and the page is seen, hears what the stream says. Returns what ends it.
function hear(place, told, silenced = () => {}) {
  let stream, later;
  place.hidden = false;
  const box = place.querySelector("#live-on");
  const end = () => {
    stream?.close();
    clearTimeout(later);
  };
  const begin = () => {
    end();
    // A browser has six connections for all its tabs: one that nobody looks at needs none.
    if (!box.checked || document.hidden) return;
    stream = new EventSource(place.dataset.events);
    stream.addEventListener("message", (event) => told(JSON.parse(event.data)));
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return; // it comes back by itself
      say(place, "Live has stopped. ", "Load again");
      later = setTimeout(begin, AGAIN);
    });
  };
  remembered(box, (on) => {
    begin();
    if (!on) silenced();
  });
  document.addEventListener("visibilitychange", begin);
  return () => {
    document.removeEventListener("visibilitychange", begin);
    end();
  };
}

// How far times are from now, kept up in the words of web/moments.py: by the server's clock, which made the page.
const UNITS = [[525_600, "y"], [1440, "d"], [60, "h"], [1, "min"]];
const SINCE = Date.parse(document.querySelector("#printed time")?.dateTime) - Date.now();
setInterval(() => document.getElementById("live-on")?.checked && keepUp(Date.now() + SINCE), 20_000);

function keepUp(now) {
  for (const told of document.querySelectorAll("time .ago")) {
    const ahead = Date.parse(told.parentElement.dateTime) - now;
    const words = told.classList.contains("left") ? left(ahead) : ago(ahead);
    told.classList.toggle("late", words === "its time is up");
    if (told.textContent !== words) told.textContent = words;
  }
}

function left(ahead) {
  return ahead > 0 ? `${span(ahead)} left` : "its time is up";
}

function ago(ahead) {
  if (Math.abs(ahead) < 60_000) return ahead <= 0 ? "just now" : "about now";
  return ahead < 0 ? `${span(ahead)} ago` : `in ${span(ahead)}`;
}

function span(length) {
  let rest = Math.floor(Math.abs(length) / 60_000);
  const counted = UNITS.map(([unit, name]) => {
    const count = Math.floor(rest / unit);
    rest %= unit;
    return count && `${count} ${name}`;
  });
  const first = counted.findIndex(Boolean);
  return first < 0 ? "less than a minute" : counted.slice(first, first + 2).filter(Boolean).join(" ");
}
