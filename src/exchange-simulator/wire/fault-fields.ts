import type { SimFault } from '../types.ts';

/** A fault's number, or what it means when it was left out. */
export function faultNumber(fault: SimFault, field: string, otherwise: number): number {
  const value = fault[field];
  return typeof value === 'number' ? value : otherwise;
}

export function faultText(fault: SimFault, field: string, otherwise: string): string {
  const value = fault[field];
  return typeof value === 'string' ? value : otherwise;
}
