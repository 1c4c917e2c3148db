export type { Action, Due } from './action.ts';
export { fallbackTags } from './fallback.ts';
export { nextActions } from './next-action.ts';
