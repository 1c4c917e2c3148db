import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { dayWorkflowId } from '../../contract/identity.ts';
import type { IsoDate } from '../../domain/types.ts';
import { chosenType } from '../accept.ts';
import type { ApiContext } from '../context.ts';
import type { ApiEnv } from '../gate.ts';
import { refuse } from '../refusals.ts';
import { reportBody } from '../report-body.ts';
import { reportPage } from '../report-page.ts';
import { type ReportBody, reportView } from '../report-schema.ts';
import { isoDate } from '../schemas.ts';
import { tradesCsv } from '../trades-csv.ts';
import { DAY_AWAY, refusals, STATUS } from './answers.ts';

const FORMS = ['application/json', 'text/html', 'text/csv'] as const;

const route = createRoute({
  method: 'get',
  path: '/live/report/{date}',
  tags: [STATUS],
  summary: 'The end-of-day report: JSON, a page, or its trades as CSV, by `Accept`',
  request: { params: z.object({ date: isoDate.openapi({ example: '2025-07-14' }) }) },
  responses: {
    200: {
      description: 'The end-of-day report',
      content: {
        'application/json': { schema: reportView },
        'text/html': { schema: z.string() },
        'text/csv': { schema: z.string() },
      },
    },
    ...refusals('invalid_value', 'no_report', 'not_acceptable', ...DAY_AWAY),
  },
});

export function reportRoute(app: OpenAPIHono<ApiEnv>, context: ApiContext): void {
  app.openapi(route, async (c): Promise<Response> => {
    const { date } = c.req.valid('param');
    c.header('Vary', 'Accept');
    const form = chosenType(c.req.header('accept'), FORMS);
    if (form === null) throw refuse('not_acceptable', `Ask for one of ${FORMS.join(', ')} with the header Accept.`);
    const report = await readReport(context, date);
    switch (form) {
      case 'application/json':
        return c.json(report, 200);
      case 'text/html':
        return c.html(reportPage(report));
      case 'text/csv':
        return c.body(tradesCsv(report), 200, {
          'Content-Type': 'text/csv; charset=utf-8; header=present',
          'Content-Disposition': `attachment; filename="trades-${date}.csv"`,
        });
    }
  });
}

/** From the journal, or from the day itself while it is being written there. Throws AppError 404 `no_report`. */
async function readReport({ deps, day }: ApiContext, date: IsoDate): Promise<ReportBody> {
  const identity = { ...(await deps.identity()), date };
  const stored = await deps.journal.report(identity, date);
  if (stored) return reportBody(stored);
  const view = await day.view(identity);
  if (view?.report) return reportBody(view.report);
  throw refuse(
    'no_report',
    view
      ? `The day of ${date} still runs: its report is written after the close.`
      : `There is no report of ${date}: no trading day of this account was opened on it.`,
    { day: dayWorkflowId(identity) },
  );
}
