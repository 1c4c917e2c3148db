import AdmZip from 'adm-zip';
import type { SimInstrument } from '../core/types.ts';
import { rupees } from './format.ts';

const CASH_HEADER = ['Token', 'ShortName', 'Series', 'CompanyName', 'ticksize', 'Lotsize'];
const DERIVATIVE_HEADER = [
  'Token',
  'InstrumentName',
  'ShortName',
  'Series',
  'ExpiryDate',
  'StrikePrice',
  'OptionType',
  'CALevel',
  'LotSize',
];

/** The clients read ten columns of every line of this file, the header included. */
const COMMODITY_HEADER = [
  'Token',
  'InstrumentName',
  'ShortName',
  'Series',
  'CompanyName',
  'TickSize',
  'LotSize',
  'ExpiryDate',
  'OptionType',
  'StrikePrice',
];

/** ICICI's `SecurityMaster.zip`, which both official clients download when they log in. Only what is listed here is in it. */
export function securityMaster(instruments: SimInstrument[]): Buffer {
  const derivatives = instruments.flatMap((instrument) =>
    instrument.kind === 'option'
      ? [
          [
            instrument.instrumentToken >> 8,
            'OPTIDX',
            instrument.name,
            'OPTION',
            masterDate(instrument.expiry),
            rupees(instrument.strike),
            instrument.optionType,
            0,
            instrument.lotSize,
          ],
        ]
      : [],
  );
  const zip = new AdmZip();
  const add = (name: string, rows: (string | number)[][]) => zip.addFile(name, Buffer.from(csv(rows)));
  add('NSEScripMaster.txt', [CASH_HEADER, ['NIFTY 50', 'NIFTY', '0', 'NIFTY 50', 0.05, 1]]);
  add('BSEScripMaster.txt', [CASH_HEADER]);
  add('FONSEScripMaster.txt', [DERIVATIVE_HEADER, ...derivatives]);
  add('FOBSEScripMaster.txt', [DERIVATIVE_HEADER]);
  add('CDNSEScripMaster.txt', [DERIVATIVE_HEADER]);
  add('MCXScripMaster.txt', [COMMODITY_HEADER]);
  return zip.toBuffer();
}

function csv(rows: (string | number)[][]): string {
  return rows.map((row) => `${row.map((value) => `"${value}"`).join(',')}\r\n`).join('');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `28-Jul-2026`. */
function masterDate(date: string): string {
  const [year = '', month = '', day = ''] = date.split('-');
  return `${day}-${MONTHS[Number(month) - 1]}-${year}`;
}
