import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const NO_HTML = {
  selector:
    "JSXAttribute[name.name='dangerouslySetInnerHTML'], MemberExpression[property.name=/^(inner|outer)HTML$/]",
  message: "What people uploaded or typed is shown as text, never as HTML.",
};

/** Imports that a layer must not make: app > features > components > api > lib. */
const layer = (files, patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns }] },
});
const APP = { group: ["@/app/*"], message: "Only app/ composes; nothing imports it." };
const FEATURES = { group: ["@/features/*"], message: "Shared code knows no feature." };
const INSIDE = {
  group: ["@/features/*/*"],
  message: "Another feature is used through its index.ts; one's own files by ./ paths.",
};
const PARENT = { group: ["../*"], message: "Write @/... for what lies outside this folder." };

export default tseslint.config(
  {
    ignores: ["dist", "**/node_modules", "audit", "public", "test-results", "src/api/schema.d.ts"],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  a11y.flatConfigs.strict,
  reactHooks.configs.flat.recommended,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: { allowDefaultProject: ["*.js", "scripts/*.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "no-restricted-syntax": ["error", NO_HTML],
      "no-restricted-properties": [
        "error",
        { object: "crypto", property: "randomUUID", message: "Not over plain HTTP: newId()." },
      ],
      "no-console": "error",
      eqeqeq: "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      // Toasts are held and tables are scrolled by what is no control itself.
      "jsx-a11y/no-noninteractive-tabindex": ["error", { roles: ["region", "tabpanel"], tags: [] }],
      // A number in a template is plain text.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `onClick={() => save()}` is how React is written.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // Handlers may be async: what they throw reaches the mutation's own error state.
      "@typescript-eslint/no-misused-promises": [
        "error",
        { checksVoidReturn: { attributes: false } },
      ],
      "@typescript-eslint/consistent-type-definitions": ["error", "interface"],
    },
  },
  layer(["src/app/**"], [INSIDE, PARENT]),
  layer(["src/features/**"], [APP, INSIDE, PARENT]),
  layer(["src/components/**"], [APP, FEATURES, PARENT]),
  layer(
    ["src/api/**"],
    [APP, FEATURES, PARENT, { group: ["@/components/*"], message: "api/ draws nothing." }],
  ),
  layer(
    ["src/lib/**"],
    [
      APP,
      FEATURES,
      PARENT,
      { group: ["@/components/*", "@/api/*"], message: "lib/ stands alone." },
    ],
  ),
  {
    files: ["*.js", "*.ts", "scripts/**", "e2e/**"],
    languageOptions: { globals: globals.node },
    // Playwright's fixtures take patterns and a function called `use`.
    rules: {
      "no-console": "off",
      "no-restricted-properties": "off",
      "no-empty-pattern": "off",
      "react-hooks/rules-of-hooks": "off",
    },
  },
  { files: ["*.js", "scripts/**/*.js"], ...tseslint.configs.disableTypeChecked },
);
