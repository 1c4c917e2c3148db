/** The system's codes of a disk, or a share of it, that is used up; PostgreSQL's own code is 53100. */
const CODES = new Set(['ENOSPC', 'EDQUOT', '53100']);
const WORDS = /no space left on device/i;

/** Whether an error, or what caused it, is a full disk. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && CODES.has(cause.code)) return true;
    if (WORDS.test(cause.message)) return true;
  }
  return false;
}

/** What a person is told who has to make space. */
export function diskFullWords(dataDir: string): string {
  return `The disk of the data folder is full: nothing can be written to ${dataDir}. Make space, then start again: the day goes on.`;
}
