import { SEARCH_ATTRIBUTES } from '../src/contract/identity.ts';

/** The environment's name for the address of the development server that all tests of a run share. */
export const SHARED_TEMPORAL = 'SHARED_TEMPORAL_ADDRESS';

/** With the product's search attributes and punctual timers. */
export const developmentServerArguments = (): string[] => [
  '--dynamic-config-value',
  'history.timerProcessorMaxTimeShift="1ms"',
  ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
];
