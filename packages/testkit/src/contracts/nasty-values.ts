import fc from 'fast-check';

const TEXTS = [
  '',
  ' ',
  '0',
  'null',
  '-0',
  '1e5',
  '\ufeff',
  '\u2028',
  '\uffff',
  '\u202eabc',
  '\\u0041',
  "'; --",
  '{"a":1}',
];
/** What no store takes, and what has another normal form. */
const BROKEN = ['a\u0000', '\ud800', 'x\udc00y', 'e\u0301', '\u212b', '\u0344'];
const INTEGERS = [0, -0, 1, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 53, Number.NaN];
const REALS = [-0, 5e-324, Number.MAX_VALUE, 0.1 + 0.2, 1e21, 1e-7, 2 ** 53 + 2, Number.NaN, -1 / 0, 3];
const DAYS = [
  '0000-01-01',
  '0001-01-01',
  '1582-10-10',
  '1900-02-29',
  '1969-12-31',
  '2000-02-29',
  '9999-12-31',
  '10000-01-01',
];
const INSTANTS = [
  '0000-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999-12:00',
  '2016-12-31T23:59:60Z',
  '9999-12-31T23:59:59.999999999+14:00',
];
const KEYS = ['', '__proto__', 'constructor', 'toString', 'a.b', '1', '01', 'e\u0301', '\u00e9', 'a\u0000', '"', '\\'];

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...TEXTS), fc.constantFrom(...BROKEN));
const integer = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...INTEGERS));
const real = fc.oneof(fc.double(), fc.constantFrom(...REALS));

const { node: json } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(text, real, integer, fc.boolean(), fc.constant(null)),
    fc.array(tie('node'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), text), tie('node')), { maxLength: 4 })
      // As `JSON.parse` makes it: `__proto__` is a key like any other.
      .map((entries) => Object.fromEntries(entries) as unknown),
  ),
}));

/** Nested further and further, past what is taken. */
const deep = fc.nat(40).map((levels) => {
  let value: unknown = [];
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { in: value };
  return value;
});

/** What people, programs and accidents put into a field of each kind; much of it is to be refused. */
export const nasty = {
  text,
  integer,
  real,
  boolean: fc.boolean(),
  date: fc.oneof(
    fc.constantFrom(...DAYS),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  ),
  instant: fc.oneof(
    fc.constantFrom(...INSTANTS),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  ),
  json: fc.oneof(json, deep),
} as const;
