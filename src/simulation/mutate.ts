export async function mutate(_: { seed: number; json: boolean }): Promise<number> {
  return 2;
}
