import type { ImportSummary } from './import-fhir.ts';

/** What was imported, as a table: a row a type, the total last. */
export function summaryTable({ imported, broken, ignored }: ImportSummary): string {
  const total = [...imported.values()].reduce((sum, count) => sum + count, 0);
  const rows: (readonly [string, number])[] = [...imported, ['Total', total]];
  const figure = (count: number) => count.toLocaleString('en');
  const name = Math.max(...rows.map(([type]) => type.length));
  const width = Math.max(...rows.map(([, count]) => figure(count).length));
  const lines = rows.map(([type, count]) => `${type.padEnd(name)}  ${figure(count).padStart(width)}`);
  lines.splice(-1, 0, '─'.repeat(name + width + 2));
  if (broken === 1) lines.push('1 line was not imported; it is named above.');
  if (broken > 1) lines.push(`${figure(broken)} lines were not imported; each is named above.`);
  if (ignored.length > 0) lines.push(`Not taken in by this app: ${ignored.join(', ')}`);
  return `${lines.join('\n')}\n`;
}
