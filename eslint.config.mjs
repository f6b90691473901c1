import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['eslint.config.mjs', 'out/', 'node_modules/', 'coverage/'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-imports': ['error', { paths: [{ name: 'child_process' }, { name: 'node:child_process', message: 'Programs are started by src/system/command.ts.' }] }],
    },
  },
  {
    // The lab starts QEMU and builds images on the developer's machine; it is not the product.
    // And file-lock.ts hands a descriptor over, which execa cannot.
    files: ['test/**', 'debian/**', 'src/system/file-lock.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
);
