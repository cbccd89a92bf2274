import { FIRST_ROWS } from '../lib/bench-schema.ts';
import { openBare } from './bare.ts';

// A process of its own: what is measured is from its start to the first answer.
const db = openBare(process.argv[2] ?? '');
const rows = db.prepare('SELECT * FROM visits WHERE mentor = ? ORDER BY day LIMIT ?').all('m3', FIRST_ROWS);
process.stdout.write(JSON.stringify({ ms: performance.now(), rows: rows.length }));
