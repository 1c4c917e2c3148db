import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The simulator's state on disk. What was appended or written before an answer survives the death of the process at any moment
 * (the operating system has it), which is all that is promised: no fsync, so not the death of the machine.
 */
export type StateFiles = {
  append(name: string, line: unknown): void;
  /** Replaces the file in one step: a reader finds the old or the new one, whole. */
  write(name: string, value: unknown): void;
  read(name: string): unknown;
  /** The lines of an appended file, oldest first. Throws where one in the middle is broken. */
  lines(name: string): unknown[];
  rewrite(name: string, lines: readonly unknown[]): void;
};

/** State in a folder, which is made if absent; without a folder nothing is kept. */
export function openFiles(folder: string | undefined): StateFiles {
  if (folder === undefined) return { append() {}, write() {}, read: () => undefined, lines: () => [], rewrite() {} };
  mkdirSync(folder, { recursive: true });
  const path = (name: string) => join(folder, name);
  const replace = (name: string, text: string) => {
    writeFileSync(path(`${name}.new`), text);
    renameSync(path(`${name}.new`), path(name));
  };
  const text = (name: string) => (existsSync(path(name)) ? readFileSync(path(name), 'utf8') : '');
  return {
    append: (name, line) => appendFileSync(path(name), `${JSON.stringify(line)}\n`),
    write: (name, value) => replace(name, JSON.stringify(value)),
    read: (name) => {
      const content = text(name);
      return content === '' ? undefined : JSON.parse(content);
    },
    lines: (name) => parseLines(path(name), text(name)),
    rewrite: (name, lines) => replace(name, lines.map((line) => `${JSON.stringify(line)}\n`).join('')),
  };
}

function parseLines(file: string, content: string): unknown[] {
  const lines = content.split('\n');
  // What stands after the last line end was being written when the process died; it was never acknowledged.
  lines.pop();
  return lines.map((line, index) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${file}:${index + 1} is damaged. Move the file away to begin with an empty book.`);
    }
  });
}
