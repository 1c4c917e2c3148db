/** A JSON schema in words, for people. */
import { html } from 'hono/html';
import type { ApiDocument } from './document.ts';
import type { Html } from './pages.ts';

type Schema = NonNullable<NonNullable<ApiDocument['components']>['schemas']>[string];
type Inline = Exclude<Schema, { $ref: string }>;

/** What a value may be, and where it has fields, those below it. */
export function fieldList(schema: Schema): Html {
  if ('$ref' in schema) return html`${typeWords(schema)}`;
  const fields = Object.entries(fieldsOf(schema));
  const note = schema.description ? html`. ${words(schema.description)}` : '';
  if (fields.length === 0) return html`${typeWords(schema)}${note}`;
  const required = new Set(objectOf(schema).required ?? []);
  return html`<span class="dim">${typeWords(schema)}</span>${note}<ul class="fields">${fields.map(
    ([name, field]) =>
      html`<li><code>${name}</code>${required.has(name) ? '' : html` <span class="dim">optional</span>`}: ${fieldList(field)}</li>`,
  )}</ul>`;
}

/** Marks what stands between backticks as code. */
export function words(text: string | undefined): Html[] {
  return (text ?? '').split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function typeWords(schema: Schema): Html {
  if ('$ref' in schema) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return html`<a href="#${name}">${name}</a>`;
  }
  const choices = schema.anyOf ?? schema.oneOf ?? (schema.allOf && [...schema.allOf]);
  if (choices) return html`${joined(choices.map(typeWords))}`;
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum) return html`${joined(schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`))}`;
  const types = [schema.type ?? 'anything'].flat();
  return html`${joined(types.map((type) => (type === 'array' ? html`list of ${schema.items ? typeWords(schema.items) : 'anything'}` : html`${type}`)))}${boundsWords(schema)}`;
}

function joined(parts: Html[]): (Html | string)[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [' or ', part]));
}

/** Bounds of the schema alone: every integer also has those of safe integers. */
function boundsWords(schema: Inline): string {
  const { minimum, maximum, exclusiveMinimum, multipleOf, minLength, maxLength, minItems, format } = schema;
  const told = (bound: number | boolean | undefined): bound is number =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  return [
    format ? ` (${format})` : '',
    told(minimum) ? `, at least ${minimum}` : '',
    told(exclusiveMinimum) ? `, above ${exclusiveMinimum}` : '',
    told(maximum) ? `, at most ${maximum}` : '',
    told(multipleOf) ? `, a multiple of ${multipleOf}` : '',
    told(minLength) ? `, at least ${minLength} long` : '',
    told(maxLength) ? `, at most ${maxLength} long` : '',
    told(minItems) ? `, at least ${minItems}` : '',
  ].join('');
}

/** The object whose fields are worth a list: the schema itself, what a list holds, or the other choice than null. */
function objectOf(schema: Inline): Inline {
  const { items } = schema;
  if (items && !('$ref' in items)) return objectOf(items);
  const choice = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.find((one) => !('$ref' in one) && one.properties);
  return choice && !('$ref' in choice) ? choice : schema;
}

function fieldsOf(schema: Inline): Record<string, Schema> {
  return objectOf(schema).properties ?? {};
}
