import ts from 'typescript'

/** Nodes that have a name and declare nothing: their name is that of something declared elsewhere. */
const uses: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.PropertyAccessExpression,
  ts.SyntaxKind.ImportSpecifier,
  ts.SyntaxKind.ExportSpecifier,
  ts.SyntaxKind.JsxAttribute,
  ts.SyntaxKind.MetaProperty,
])

/** The names that a TypeScript source declares, those of members, parameters and destructured bindings included. */
export function declaredInTypeScript(path: string, source: string): Set<string> {
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    const { name } = node as { name?: ts.Node }
    if (name !== undefined && !uses.has(node.kind) && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)))
      names.add(name.text.replace(/^#/, ''))
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, false, kind))
  return names
}
