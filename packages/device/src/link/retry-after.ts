/** Longer is not waited for: who asks for a day is asked again each hour. */
const MOST_MS = 3_600_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** IMF-fixdate, the one form of RFC 9110 that may still be sent. */
const HTTP_DATE = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/;

/**
 * NW2: how long a `Retry-After` asks to wait, in milliseconds; null where there is none that can be read.
 * A date is measured against the answer's own `Date`: this device's clock may be years off.
 */
export function retryAfterMs(header: string | null, date: string | null): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, MOST_MS);
  const [until, from] = [httpDate(text), httpDate(date?.trim() ?? '')];
  if (until === null || from === null) return null;
  return Math.min(Math.max(0, until - from), MOST_MS);
}

/** Milliseconds since 1970. */
function httpDate(text: string): number | null {
  const [, day = '', name = '', year = '', hour = '', minute = '', second = ''] = HTTP_DATE.exec(text) ?? [];
  const month = MONTHS.indexOf(name) + 1;
  if (month === 0) return null;
  const seconds = Number(hour) * 3_600 + Number(minute) * 60 + Number(second);
  return (daysSince1970(Number(year), month, Number(day)) * 86_400 + seconds) * 1_000;
}

/** Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013: `days_from_civil`, for years after 0. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
