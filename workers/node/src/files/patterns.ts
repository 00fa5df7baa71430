// Matches names with patterns of "*", "?" and "[…]".
/**
 * Whether a name matches a pattern of "*", "?" and "[…]", as a shell understands them; "/" is nothing special.
 *
 * The same as Python's fnmatchcase, so that all workers agree.
 */
export function matches(name: string, pattern: string): boolean {
  return compile(pattern).test(name);
}

/** The regular expression of a pattern, to be used for many names. */
export function compile(pattern: string): RegExp {
  const characters = [...pattern];
  let expression = "";
  let position = 0;
  while (position < characters.length) {
    const character = characters[position] ?? "";
    position += 1;
    if (character === "*") {
      expression += ".*";
    } else if (character === "?") {
      expression += ".";
    } else if (character === "[") {
      const end = endOfSet(characters, position);
      expression += end < 0 ? "\\[" : setExpression(characters.slice(position, end));
      position = end < 0 ? position : end + 1;
    } else {
      expression += literal(character);
    }
  }
  return new RegExp(`^${expression}$`, "su");
}

/** Index of the "]" that ends the set begun before `start`, or -1. The first character may be "]" itself. */
function endOfSet(characters: string[], start: number): number {
  const first = characters[start] === "!" ? start + 1 : start;
  return characters.indexOf("]", first + 1);
}

function setExpression(content: string[]): string {
  const isNegated = content[0] === "!";
  const members = isNegated ? content.slice(1) : content;
  let inner = "";
  for (let index = 0; index < members.length; index += 1) {
    const [from = "", dash, to] = members.slice(index, index + 3);
    if (dash === "-" && to !== undefined) {
      // A range that runs backwards holds nothing.
      inner += from <= to ? `${escapeInSet(from)}-${escapeInSet(to)}` : "";
      index += 2;
    } else {
      inner += escapeInSet(from);
    }
  }
  if (inner === "") {
    return isNegated ? "." : "(?!)";
  }
  return `[${isNegated ? "^" : ""}${inner}]`;
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function escapeInSet(character: string): string {
  return /[\\^\-[\]]/.test(character) ? `\\${character}` : character;
}
