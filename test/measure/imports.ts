import { dirname, join } from 'node:path';
import ts from 'typescript';

/** One file of src/, read and parsed. */
export interface SourceFile {
  /** Below src/, such as `disk/luks.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** The imports of each file, with `import type` and `import()`. */
export function importsOf(files: readonly SourceFile[]): Map<string, string[]> {
  const known = new Set(files.map(({ path }) => path));
  return new Map(
    files.map(({ path, tree }) => [
      path,
      modulesNamedIn(tree)
        .map((name) => join(dirname(path), name))
        .filter((name) => known.has(name)),
    ]),
  );
}

function modulesNamedIn(tree: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const named =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (named && ts.isStringLiteral(named)) names.push(named.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return names;
}

/** Imports from a folder above the file's own, as `from -> to`. Files directly in src/ are above all folders. */
export function upwardImports(imports: ReadonlyMap<string, readonly string[]>, order: readonly string[]): string[] {
  const free = new Set(['errors.ts', 'version.ts']); // below all folders
  const floor = (path: string): number => {
    const [folder = '', file] = path.split('/');
    return file !== undefined ? order.indexOf(folder) : free.has(folder) ? order.length : -1;
  };
  return [...imports].flatMap(([from, targets]) =>
    targets.filter((to) => floor(to) < floor(from)).map((to) => `${from} -> ${to}`),
  );
}

/** Groups of files that reach each other by imports: Tarjan's strongly connected components of more than one file. */
export function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const own = index.size;
    index.set(file, own);
    let low = own;
    stack.push(file);
    for (const to of imports.get(file) ?? []) {
      if (!index.has(to)) low = Math.min(low, visit(to));
      else if (stack.includes(to)) low = Math.min(low, index.get(to) ?? low);
    }
    if (low === own) {
      const group = stack.splice(stack.indexOf(file));
      if (group.length > 1) found.push(group.sort());
    }
    return low;
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}
