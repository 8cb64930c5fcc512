import js from "@eslint/js";
import {defineConfig} from "eslint/config";
import ts from "typescript-eslint";

import {noAny} from "./no_any.js";

const PAGE = ["document", "window"];
const NETWORK = ["fetch", "EventSource", "WebSocket", "WebTransport", "XMLHttpRequest"];
const MARKUP = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "srcdoc", "createContextualFragment"];
const ALWAYS = [
  ...MARKUP.map((property) => ({property, message: "Text must not become markup."})),
  ...["write", "writeln"].map((property) => ({object: "document", property, message: "Text must not become markup."})),
];
const BEACON = {property: "sendBeacon", message: "This room must not know the network."};

/** Return the rules of rooms that must not name some globals, however they are reached. */
function without(names) {
  const mayNotSend = names.includes("fetch");
  return {
    "no-restricted-globals": ["error", {
      globals: [
        {name: "DOMParser", message: "Text must not become markup."},
        ...names.map((name) => ({name, message: `This room must not know the ${PAGE.includes(name) ? "page" : "network"}.`})),
      ],
      checkGlobalObject: true,
    }],
    "no-restricted-properties": ["error", ...ALWAYS, ...(mayNotSend ? [BEACON] : [])],
  };
}

export default defineConfig(
  {
    files: ["**/*.js"],
    extends: [js.configs.recommended, ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked],
    plugins: {own: {rules: {"no-any": noAny}}},
    languageOptions: {
      globals: {document: "readonly", self: "readonly", window: "readonly"},
      parserOptions: {project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname},
    },
    linterOptions: {noInlineConfig: true},
    rules: {
      // The type checker finds unknown names, with the browser's own list.
      "no-undef": "off",
      // An escape from the types is a hole in them.
      "@typescript-eslint/ban-ts-comment": ["error", {
        "ts-check": false, "ts-expect-error": true, "ts-ignore": true, "ts-nocheck": true,
      }],
      "own/no-any": "error",
      // A callback that does nothing until somebody sets it is not a mistake, nor is a short arrow.
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", {ignoreArrowShorthand: true}],
      "@typescript-eslint/restrict-template-expressions": ["error", {allowNumber: true}],
      "curly": ["error", "multi-line"],
      "@typescript-eslint/no-unused-vars": ["error", {ignoreRestSiblings: true}],
      "eqeqeq": "error",
      "no-console": "error",
      "no-else-return": "error",
      "no-eval": "error",
      "no-implicit-coercion": "error",
      "no-lonely-if": "error",
      "no-new-func": "error",
      "no-useless-rename": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      ...without([...PAGE, ...NETWORK]),
    },
  },
  {
    files: ["static/js/{dom,theme-boot}.js", "static/js/screen/**"],
    rules: without(NETWORK),
  },
  {
    files: ["static/js/{transports,connection,tabs}/**", "static/js/lab/*.js"],
    rules: without(PAGE),
  },
  {
    files: ["static/js/pages/**"],
    rules: without([]),
  },
);
