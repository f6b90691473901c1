import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Each `EXB_` code of the sources, with the exit codes that can be read from the places where it is thrown. */
export function readErrorCodes(src: string): Map<string, Set<number>> {
  const errors = parse(join(src, 'errors.ts'));
  const numbers = exitNumbers(errors);
  const classes = exitsOfClasses(errors, numbers);
  const found = new Map<string, Set<number>>();
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')))
    walk(parse(join(src, file)), (node) => {
      if (!ts.isStringLiteral(node) || !/^EXB_[A-Z_]+$/.test(node.text)) return;
      const exits = found.get(node.text) ?? new Set();
      const exit = exitOf(node, classes, numbers) ?? exitOfWords(node, classes);
      if (exit !== undefined) exits.add(exit);
      found.set(node.text, exits);
    });
  return found;
}

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

/** `exitCodes` of errors.ts: name and number. */
function exitNumbers(errors: ts.SourceFile): Map<string, number> {
  const numbers = new Map<string, number>();
  walk(errors, (node) => {
    if (ts.isPropertyAssignment(node) && ts.isNumericLiteral(node.initializer))
      numbers.set(node.name.getText(), Number(node.initializer.text));
  });
  return numbers;
}

/** The exit code that each class of errors.ts hands to `super`. */
function exitsOfClasses(errors: ts.SourceFile, numbers: ReadonlyMap<string, number>): Map<string, number> {
  const classes = new Map<string, number>();
  for (const node of errors.statements) {
    if (!ts.isClassDeclaration(node) || node.name === undefined) continue;
    const { text } = node.name;
    walk(node, (inner) => {
      const exit = ts.isPropertyAccessExpression(inner) ? numberOf(inner, numbers) : undefined;
      if (exit !== undefined) classes.set(text, exit);
    });
  }
  return classes;
}

const numberOf = (node: ts.Node | undefined, numbers: ReadonlyMap<string, number>): number | undefined =>
  node !== undefined && ts.isPropertyAccessExpression(node) && node.expression.getText() === 'exitCodes'
    ? numbers.get(node.name.text)
    : undefined;

/** undefined where the code is only compared, or passed on, or in a type. */
function exitOf(
  code: ts.StringLiteral,
  classes: ReadonlyMap<string, number>,
  numbers: ReadonlyMap<string, number>,
): number | undefined {
  let node: ts.Node = code;
  while (ts.isConditionalExpression(node.parent)) node = node.parent;
  const { parent } = node;
  if (ts.isNewExpression(parent) && parent.arguments?.[0] === node)
    return classes.get(parent.expression.getText()) ?? numberOf(branchWith(code, parent.arguments[1]), numbers);
  if (ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.SuperKeyword)
    return numberOf(parent.arguments[1], numbers);
  if (ts.isPropertyAssignment(parent) && ts.isObjectLiteralExpression(parent.parent))
    for (const sibling of parent.parent.properties)
      if (ts.isPropertyAssignment(sibling) && sibling.name.getText() === 'exitCode')
        return numberOf(sibling.initializer, numbers);
  return undefined;
}

/** `a ? b : c` for both the code and the exit code: the exit code of the same branch. */
const branchWith = (code: ts.Node, exit: ts.Node | undefined): ts.Node | undefined => {
  if (exit === undefined || !ts.isConditionalExpression(exit) || !ts.isConditionalExpression(code.parent)) return exit;
  return code.parent.whenTrue === code ? exit.whenTrue : exit.whenFalse;
};

/** A list of words, [code, happened, todo], belongs to the class that the same file makes of a variable `code`. */
function exitOfWords(code: ts.StringLiteral, classes: ReadonlyMap<string, number>): number | undefined {
  if (!ts.isArrayLiteralExpression(code.parent) || code.parent.elements[0] !== code) return undefined;
  let exit: number | undefined;
  walk(code.getSourceFile(), (node) => {
    if (ts.isNewExpression(node) && node.arguments?.[0]?.getText() === 'code')
      exit = classes.get(node.expression.getText());
  });
  return exit;
}
