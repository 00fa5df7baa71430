/** `1 commit`, `2 commits`, `1,204 commits`; `several` is for nouns that don't take an s. */
export function plural(count: number, noun: string, several = `${noun}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : several}`;
}
