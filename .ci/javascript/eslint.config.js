import js from "@eslint/js";
import {defineConfig} from "eslint/config";
import ts from "typescript-eslint";

import {noAny} from "./no_any.js";

const PAGE = ["document", "window"];
const NETWORK = ["fetch", "EventSource", "WebSocket", "WebTransport", "XMLHttpRequest"];
/** Where a browser takes text for markup. */
const MARKUP = [
  "innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "parseHTMLUnsafe", "srcdoc",
  "createContextualFragment", "DOMParser",
].join("|");
const NO_MARKUP = "Text must not become markup.";

const NO_ENTRY = "This room must not know the page or the network.";

/** Return the rules of rooms that must not know the page, the network or both, however they are reached. */
function without(...parts) {
  const globals = parts.flat().map((name) => ({name, message: NO_ENTRY}));
  return {
    "no-restricted-globals": ["error", {globals, checkGlobalObject: true}],
    "no-restricted-properties": parts.includes(NETWORK) ? ["error", {property: "sendBeacon", message: NO_ENTRY}] : "off",
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
      "@typescript-eslint/no-unused-vars": ["error", {argsIgnorePattern: "^_", ignoreRestSiblings: true}],
      "curly": ["error", "multi-line"],
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
      "no-restricted-syntax": ["error",
        {selector: `Identifier[name=/^(${MARKUP})$/]`, message: NO_MARKUP},
        {selector: `Literal[value=/^(${MARKUP})$/i]`, message: NO_MARKUP},
        {selector: "MemberExpression[object.name='document'][property.name=/^write(ln)?$/]", message: NO_MARKUP},
      ],
      ...without(PAGE, NETWORK),
    },
  },
  {
    files: ["static/js/{dom,theme-boot}.js", "static/js/screen/**"],
    rules: without(NETWORK),
  },
  {
    files: ["static/js/{requests,transports,connection,tabs,push}/**", "static/js/lab/*.js"],
    rules: without(PAGE),
  },
  {
    files: ["static/js/pages/**", "tests/js/**"],
    rules: without(),
  },
  {
    // Tests pass stand-ins that are less than the real thing, so only their harness is checked for types.
    files: ["tests/js/**/*.js"],
    ignores: ["tests/js/harness.js"],
    extends: [ts.configs.disableTypeChecked],
    rules: {"own/no-any": "off", "@typescript-eslint/no-dynamic-delete": "off"},
  },
);
