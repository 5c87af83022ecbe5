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
