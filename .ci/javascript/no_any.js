import ts from "typescript";

const HOLES = new Set([ts.SyntaxKind.AnyKeyword, ts.SyntaxKind.JSDocAllType, ts.SyntaxKind.JSDocUnknownType]);

/** Call `see` with a node, with all nodes inside it and with those of their JSDoc comments. */
function visit(node, see) {
  see(node);
  for (const comment of node.jsDoc ?? []) visit(comment, see);
  ts.forEachChild(node, (child) => visit(child, see));
}

function isHole(node) {
  return HOLES.has(node.kind) || (ts.isTypeReferenceNode(node) && node.typeName.getText() === "Function");
}

/** Report the types that turn the checker off: any, * and Function, in every tag of a comment. */
export const noAny = {
  meta: {type: "problem", schema: [], messages: {hole: "This type checks nothing: say what it is, or unknown."}},
  create(context) {
    const {parserServices} = context.sourceCode;
    const at = (position) => context.sourceCode.getLocFromIndex(position);
    const report = (node) => context.report({
      loc: {start: at(node.getStart()), end: at(node.getEnd())}, messageId: "hole",
    });
    const source = () => parserServices.program.getSourceFile(context.filename);
    return {Program: () => visit(source(), (node) => isHole(node) && report(node))};
  },
};
