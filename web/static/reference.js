"use strict";

// Swagger UI has a dark dress of its own, but waits to be told.
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

// An operation's link stands within its button, where nobody gets to it: the button leads there too. And what is
// filled in or chosen there has no name.
const legible = ({ React }) => {
  const named = (name) => (Original) => (given) =>
    React.createElement("label", null, `${name} `, React.createElement(Original, given));
  return {
    wrapComponents: {
      DeepLink: () => ({ text }) => React.createElement("span", null, text),
      ExamplesSelect: named("Example"),
      RequestBodyEditor: named("Body"),
    },
  };
};

const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  plugins: [legible],
  syntaxHighlight: { activated: false }, // its colours are too faint on its own ground
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: false,
  validatorUrl: null, // else it would send the document to its maker's validator
});
