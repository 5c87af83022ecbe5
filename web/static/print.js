"use strict";

// The server knows as of when a page is; only the browser knows when it is printed.
addEventListener("beforeprint", () => {
  const parts = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC" };
  document.getElementById("printed-at").textContent = `, printed ${new Date().toLocaleString("en-GB", parts)} UTC`;
});
