/** Before an entry: contracts, quotes, limits, margin and cash. Answers a plan or the refusals with their numbers. */
import type { KiteSession, MarginOrder } from '../src/brokers/types.ts';
import { contractLastMinute, freezeQuantity } from '../src/domain/calendar/index.ts';
import { istDate } from '../src/domain/clock.ts';
import { pickContract, tradableExpiry } from '../src/domain/contracts.ts';
import { checkEntry, worstLoss } from '../src/domain/risk.ts';
import type { OptionContract, OptionType, Paise } from '../src/domain/types.ts';
import type { Account } from '../src/journal/types.ts';
import type { ContractRef, DayActivities, EntryInput, EntryPlan } from './contract.ts';
import type { Deps } from './deps.ts';
import { crossingPrice, freshQuote } from './quotes.ts';
