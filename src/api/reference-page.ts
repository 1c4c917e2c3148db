/** The API's reference as a page, made from its OpenAPI document. */
import { html } from 'hono/html';
import type { ApiDocument } from './document.ts';
import { type Html, readingPage } from './pages.ts';
import { fieldList, words } from './schema-words.ts';

const METHODS = ['get', 'post'] as const;

type PathItem = NonNullable<ApiDocument['paths']>[string];
type Operation = NonNullable<PathItem['get']>;
type Schema = NonNullable<ReturnType<typeof bodyOf>>;
type Answer = { description?: string; content?: NonNullable<ReturnType<typeof parametersOf>[number]['content']> };
type Entry = { method: (typeof METHODS)[number]; path: string; operation: Operation };

/** `origin` is where the examples send their requests. */
export function referencePage(document: ApiDocument, origin: string): Html {
  const entries = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method): Entry[] => {
      const operation = item[method];
      return operation ? [{ method, path, operation }] : [];
    }),
  );
  const chapters = (document.tags ?? []).map((tag) => ({
    tag,
    entries: entries.filter(({ operation }) => operation.tags?.includes(tag.name)),
  }));
  return readingPage(
    `${document.info.title}: the API`,
    html`${paragraphs(document.info.description)}
<p>Who may call: <code>Authorization: Bearer …</code> with the API token, or the dashboard in a browser that is signed in.
The same as data: <a href="/openapi.json">openapi.json</a>. The examples take the token from <code>TOKEN=$(cat .data/api-token)</code>.</p>
${chapters.map(
  (chapter) => html`<h2>${chapter.tag.name}</h2><p>${chapter.tag.description ?? ''}</p>
<ul>${chapter.entries.map((entry) => html`<li><a href="#${anchor(entry)}"><code>${title(entry)}</code></a> ${words(entry.operation.summary)}</li>`)}</ul>`,
)}
${chapters.map(({ tag, entries: all }) => html`<h2>${tag.name}</h2>${all.map((entry) => operationSection(entry, document, origin))}`)}
<h2>Shapes</h2>
${Object.entries(document.components?.schemas ?? {}).map(
  ([name, schema]) => html`<article class="operation" id="${name}"><h3>${name}</h3>${fieldList(schema)}</article>`,
)}`,
  );
}

function operationSection(entry: Entry, document: ApiDocument, origin: string): Html {
  const { operation } = entry;
  const parameters = parametersOf(operation);
  const body = bodyOf(operation);
  return html`<article class="operation" id="${anchor(entry)}">
<h3><code>${title(entry)}</code></h3>
<p>${words(operation.summary)}. ${words(operation.description)}</p>
${parameters.length > 0 ? html`<h4>Parameters</h4><ul class="fields">${parameters.map((one) => html`<li><code>${one.name}</code> in the ${one.in}${one.required ? '' : ', optional'}: ${one.schema ? fieldList(one.schema) : ''}</li>`)}</ul>` : ''}
${body ? html`<h4>Body</h4>${fieldList(named(body, document))}` : ''}
<h4>Answers</h4>
<ul class="fields">${Object.entries(operation.responses ?? {}).map(([status, answer]) => answerItem(status, answer))}</ul>
<h4>Example</h4>
<pre>${curl(entry, document, origin)}</pre>
</article>`;
}

/** That a refusal has the shape of all refusals is said once, at the top. */
function answerItem(status: string, answer: Answer): Html {
  const shapes = Object.entries(answer.content ?? {}).map(([type, { schema }]) => {
    if (type !== 'application/json' || !schema) return html` <span class="dim">${type}</span>`;
    return '$ref' in schema && schema.$ref.endsWith('/Error') ? '' : html`: ${fieldList(schema)}`;
  });
  return html`<li><code>${status}</code> ${words(answer.description)}${shapes}</li>`;
}

function parametersOf(operation: Operation) {
  return (operation.parameters ?? []).flatMap((one) => ('$ref' in one ? [] : [one]));
}

function bodyOf(operation: Operation) {
  const body = operation.requestBody;
  return body && !('$ref' in body) ? body.content['application/json']?.schema : undefined;
}

function curl(entry: Entry, document: ApiDocument, origin: string): string {
  const { method, path, operation } = entry;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => String(exampleOf(operation, name)));
  const token = operation.security?.length === 0 ? [] : ['-H "Authorization: Bearer $TOKEN"'];
  const verb = method === 'get' ? 'curl' : 'curl -X POST';
  const body = bodyOf(operation);
  const sent = body
    ? [`-H "Content-Type: application/json"`, `-d '${JSON.stringify(bodyExample(body, document))}'`]
    : [];
  const accept = path.includes('/report/') ? ['-H "Accept: text/csv"'] : [];
  return [verb, ...token, ...accept, ...sent, `${origin}${filled}`].join(' \\\n  ');
}

function exampleOf(operation: Operation, name: string): unknown {
  const schema = parametersOf(operation).find((one) => one.name === name)?.schema;
  return schema && !('$ref' in schema) ? (schema.example ?? name) : name;
}

function bodyExample(body: Schema, document: ApiDocument): unknown {
  const shape = named(body, document);
  return '$ref' in shape ? {} : (shape.example ?? {});
}

/** What a reference stands for. */
function named(schema: Schema, document: ApiDocument): Schema {
  if (!('$ref' in schema)) return schema;
  return document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''] ?? schema;
}

function title({ method, path }: Entry): string {
  return `${method.toUpperCase()} ${path}`;
}

function anchor({ method, path }: Entry): string {
  return `${method}${path.replace(/[^a-z]+/gi, '-')}`;
}

function paragraphs(text: string | undefined): Html[] {
  return (text ?? '').split('\n\n').map((part) => html`<p>${words(part)}</p>`);
}
