import ts from 'typescript';

export interface StringUse {
  /** As it stands in the bundle: with its comment after a slash, where it has one. */
  readonly key: string;
  readonly at: string;
}

export interface SourceStrings {
  readonly used: readonly StringUse[];
  /** Texts that reach people without being localised, and texts that cannot be extracted. */
  readonly problems: readonly string[];
}

/** Properties and attributes whose text people see. */
const VISIBLE = new Set([
  'label',
  'description',
  'detail',
  'title',
  'tooltip',
  'prompt',
  'placeHolder',
  'placeholder',
  'validationMessage',
  'message',
  'aria-label',
  'ariaLabel',
]);

/** Calls that show their first texts to people. */
const SHOWING =
  /^(show(Information|Warning|Error)Message|tell|confirm|appendMarkdown|setStatusBarMessage|withProgress)$/;

/** The localised strings of one source file, and what is not localised in it. */
export function stringsOf(fileName: string, text: string): SourceStrings {
  const kind = fileName.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true, kind);
  const used: StringUse[] = [];
  const problems: string[] = [];
  const placeOf = (node: ts.Node) => `${fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
  const refuse = (node: ts.Node, words: string) =>
    problems.push(`${placeOf(node)}: "${words.trim()}" is not localised`);

  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      if (isLocalizing(node.expression)) {
        const key = keyOf(node.arguments[0]);
        if (key === undefined) problems.push(`${placeOf(node)}: the text of l10n.t is no plain string`);
        else used.push({ key, at: placeOf(node) });
      } else if (SHOWING.test(calledName(node.expression))) {
        // `tell` begins with the severity, a word of the program.
        const texts = calledName(node.expression) === 'tell' ? node.arguments.slice(1) : node.arguments;
        for (const argument of texts) for (const words of literalWords(argument)) refuse(argument, words);
      }
    }
    if ((ts.isPropertyAssignment(node) || ts.isJsxAttribute(node)) && VISIBLE.has(nameOf(node.name))) {
      for (const words of literalWords(node.initializer)) refuse(node, words);
    }
    if (isVisibleAssignment(node)) for (const words of literalWords(node.right)) refuse(node, words);
    if (ts.isJsxText(node) && hasWords(node.text)) refuse(node, node.text);
    if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) {
      for (const words of literalWords(node.expression)) refuse(node, words);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { used, problems };
}

/** `vscode.l10n.t`, `l10n.t`, and `t` taken from it. */
function isLocalizing(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 't';
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== 't') return false;
  return calledName(callee.expression) === 'l10n';
}

function calledName(callee: ts.Expression): string {
  if (ts.isIdentifier(callee)) return callee.text;
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : '';
}

function isVisibleAssignment(node: ts.Node): node is ts.BinaryExpression {
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    ts.isPropertyAccessExpression(node.left) &&
    VISIBLE.has(node.left.name.text)
  );
}

function nameOf(name: ts.PropertyName | ts.JsxAttributeName): string {
  return ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText();
}

/** The key of `t('text', …)` or `t({ message: 'text', comment: ['why'] })`. */
function keyOf(argument: ts.Expression | undefined): string | undefined {
  if (argument === undefined) return undefined;
  if (ts.isStringLiteralLike(argument)) return argument.text;
  if (!ts.isObjectLiteralExpression(argument)) return undefined;
  const field = (name: string) =>
    argument.properties.filter(ts.isPropertyAssignment).find((property) => nameOf(property.name) === name)?.initializer;
  const message = field('message');
  if (message === undefined || !ts.isStringLiteralLike(message)) return undefined;
  const comment = field('comment');
  if (comment === undefined) return message.text;
  const parts = ts.isArrayLiteralExpression(comment) ? comment.elements : [comment];
  return `${message.text}/${parts.map((part) => (ts.isStringLiteralLike(part) ? part.text : '')).join('')}`;
}

/** Words in the literals that an expression may come to; what a localising call holds is fine. */
function literalWords(node: ts.Node | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return hasWords(node.text) ? [node.text] : [];
  if (ts.isTemplateExpression(node)) {
    const fixed = [node.head, ...node.templateSpans.map((span) => span.literal)].map((part) => part.text).join('');
    return hasWords(fixed) ? [fixed] : [];
  }
  if (ts.isConditionalExpression(node)) return [...literalWords(node.whenTrue), ...literalWords(node.whenFalse)];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return literalWords(node.expression);
  if (ts.isJsxExpression(node)) return literalWords(node.expression);
  if (ts.isBinaryExpression(node)) {
    const sign = node.operatorToken.kind;
    const right = literalWords(node.right);
    if (sign === ts.SyntaxKind.AmpersandAmpersandToken) return right;
    const joins = [ts.SyntaxKind.PlusToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken];
    return joins.includes(sign) ? [...literalWords(node.left), ...right] : [];
  }
  return [];
}

/** Icons such as `$(play)`, names in code such as `rocketmq.send` and signs are no words. */
function hasWords(text: string): boolean {
  const bare = text.replace(/\$\([\w~-]+\)/g, '').trim();
  return /\p{L}{2}/u.test(bare) && !/^[a-z]+([A-Z][a-z]*)*([.-][\w-]+)+$/.test(bare);
}
