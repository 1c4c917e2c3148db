/** The numbers of a refusal of the day, as the API shows them: rupees instead of paise, snake_case. */

const MONEY = new Set([
  ...['required', 'available', 'shortfall', 'planned', 'reserved', 'lostToday', 'worstLoss', 'atRisk'],
  ...['last_price', 'least_price', 'most_price', 'tick_size'],
]);

export function refusalDetails(details: Record<string, unknown>): Record<string, unknown> {
  const { limit } = details;
  // Of these limits the figure counts positions.
  const counted = limit === 'max_positions';
  const shown = Object.entries(details).map(([name, value]) => {
    const isMoney = MONEY.has(name) || (name === 'allowed' && !counted);
    return [snakeCase(name), isMoney && typeof value === 'number' ? value / 100 : value];
  });
  return Object.fromEntries(shown);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
