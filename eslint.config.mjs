import { readFileSync } from 'node:fs';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Folders of src/, top to bottom: each may import those that stand after it, types included. */
const order = JSON.parse(readFileSync(new URL('src/order.json', import.meta.url), 'utf8'));
const processes = { name: 'node:child_process', message: 'Programs are started by src/system/command.ts.' };

/** Otherwise zod's words in fifty languages are in the program, and nearly every command loads them. */
const allOfZod = {
  selector: "ImportDeclaration[source.value='zod'] > :not(ImportNamespaceSpecifier)[local]",
  message: 'Write: import * as z.',
};

/** After a first signal, such a listener is gone: the next one, and signal-exit of execa beside it, end the process at once. */
const syntaxRules = {
  'no-restricted-syntax': [
    'error',
    ...[
      "CallExpression[callee.property.name=/^(once|prependOnceListener)$/][callee.object.name='process'][arguments.0.value!='exit']",
      'CallExpression[callee.property.name=/^(once|prependOnceListener)$/][arguments.0.value=/^SIG/]',
      "CallExpression[callee.name='once'][arguments.0.name='process']",
      "CallExpression[callee.property.name='once'][arguments.0.name='process']",
    ].map((selector) => ({ selector, message: 'Listen with on() until the end: a signal may come twice.' })),
    allOfZod,
    {
      selector:
        "VariableDeclarator[id.name=/^(until|begin|began|started|deadline)$/] CallExpression[callee.object.name='Date']",
      message: 'The clock can be set at any time: measure with performance.now().',
    },
    {
      selector: "MemberExpression[object.name='AbortSignal'][property.name=/^(any|timeout)$/]",
      message: 'It can be lost when memory is collected: use joinSignals() of system/joined-signal.ts.',
    },
  ],
};

/** What a file must not import: the programs' entry, folders above its own, and node:child_process unless it may. */
const importRules = (folder, paths = [processes, { name: 'child_process' }]) => ({
  'no-restricted-imports': [
    'error',
    {
      paths,
      patterns: [
        { group: ['../cli.ts', '../main.ts'], message: 'Nothing imports the entry of the program.' },
        ...order.slice(0, order.indexOf(folder)).map((above) => ({
          group: [`../${above}/*`],
          message: `${folder}/ stands below ${above}/: see docs/architecture.md`,
        })),
      ],
    },
  ],
});

export default defineConfig(
  { ignores: ['out/', 'node_modules/', 'coverage/'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-imports': ['error', { paths: [processes, { name: 'child_process' }] }],
    },
  },
  // What a reader sees at once: a function on one screen, a file in a few.
  {
    files: ['src/**'],
    rules: {
      'max-lines-per-function': ['error', { max: 60 }],
      'max-lines': ['error', { max: 250 }],
      ...syntaxRules,
    },
  },
  ...order.map((folder) => ({ files: [`src/${folder}/**`], rules: importRules(folder) })),
  // It hands a descriptor to a program, which execa cannot.
  { files: ['src/system/file-lock.ts'], rules: importRules('system', []) },
  // Of no TypeScript project, so nothing of it has a known type.
  { files: ['eslint.config.mjs'], extends: [tseslint.configs.disableTypeChecked] },
  // The lab starts QEMU and builds images on the developer's machine; it is not the product.
  { files: ['test/**', 'debian/**'], rules: { 'no-restricted-imports': 'off' } },
);
