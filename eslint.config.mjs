import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

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
      'no-restricted-imports': ['error', { paths: [{ name: 'child_process' }, { name: 'node:child_process', message: 'Only src/system/command.ts starts programs.' }] }],
    },
  },
  {
    // The lab starts QEMU and builds images on the developer's machine; it is not the product.
    files: ['test/**', 'debian/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
);
