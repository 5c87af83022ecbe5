"use strict";

// What pages share that hear of changes: a stream of events, and switches that are remembered.

function remembered(box, act) {
  box.checked = localStorage.getItem(box.id) !== "off";
  box.addEventListener("change", () => {
    localStorage.setItem(box.id, box.checked ? "on" : "off");
    act(box.checked);
  });
  act(box.checked);
  return box;
}

// Shows the page's switch and, while it is on, hears what the stream says. Returns what ends it.
function hear(place, told, silenced = () => {}) {
  let stream = null;
  place.hidden = false;
  remembered(place.querySelector("#live-on"), (on) => {
    stream?.close();
    if (!on) return silenced();
    stream = new EventSource(place.dataset.events);
    stream.addEventListener("message", (event) => told(JSON.parse(event.data)));
  });
  return () => stream?.close();
}
